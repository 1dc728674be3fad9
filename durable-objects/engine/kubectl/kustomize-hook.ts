/** What `-k` reads: the objects of a kustomization as YAML documents. */
import { Failure } from "./errors.ts";
import { build } from "./kustomize/build.ts";
import { printYaml } from "./printers/yaml.ts";
import type { Work } from "./work.ts";

export function* kustomizeHook(folder: string): Work<string> {
  return documentsOf(yield* build(folder));
}

const documentsOf = (objects: readonly unknown[]): string => objects.map(printYaml).join("---\n");

/** The path of `kubectl kustomize`, the working folder without one. */
export function* kustomized(args: readonly string[]): Work<string> {
  if (args.length > 1) throw new Failure("specify one path to kustomization.yaml");
  return documentsOf(yield* build(args[0] ?? "."));
}
