/** The objects of a kustomization as YAML documents: what `-k` reads and `kubectl kustomize` prints. */
import { Failure } from "../errors.ts";
import { build } from "./build.ts";
import { printYaml } from "../printers/yaml.ts";
import type { Work } from "../work.ts";

export function* kustomization(folder: string): Work<string> {
  return (yield* build(folder)).map(printYaml).join("---\n");
}

/** The path of `kubectl kustomize`, the working folder without one. */
export function* kustomized(args: readonly string[]): Work<string> {
  if (args.length > 1) throw new Failure("specify one path to kustomization.yaml");
  return yield* kustomization(args[0] ?? ".");
}
