/**
 * What a kustomization makes of its resources: bases and components first, then generators, patches and the transformers of its
 * fields. k8s: sigs.k8s.io/kustomize/api/internal/target/kusttarget.go
 */
import { trimEndOf } from "../../core/trim.ts";
import { parseYaml } from "../../schema/yaml.ts";
import { list, readFile, stat, workingFolder } from "../asks.ts";
import { Failure } from "../errors.ts";
import { objectOf, readObjects, type KubeObject } from "../objects.ts";
import { flattened } from "../result.ts";
import type { Work } from "../work.ts";
import { generate, type GeneratorArgs } from "./generators.ts";
import { patchAll, type PatchEntry } from "./patches.ts";
import { transform, type Transformers } from "./transformers.ts";

export interface Kustomization extends Transformers {
  apiVersion?: string;
  kind?: string;
  resources?: string[];
  bases?: string[];
  components?: string[];
  patches?: PatchEntry[];
  patchesStrategicMerge?: string[];
  patchesJson6902?: PatchEntry[];
  configMapGenerator?: GeneratorArgs[];
  secretGenerator?: GeneratorArgs[];
  generatorOptions?: GeneratorArgs["options"];
}

/** An object on its way, with the name it had in its file. */
export interface Resource {
  object: KubeObject;
  origin: { name: string; namespace: string };
  /** Its name gets the hash of its content. */
  hashed?: true;
  behavior?: string;
}

const names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

const known = new Set(
  `apiVersion kind metadata resources bases components patches patchesStrategicMerge patchesJson6902 configMapGenerator
  secretGenerator generatorOptions namePrefix nameSuffix namespace labels commonLabels commonAnnotations images replicas
  replacements sortOptions buildMetadata configurations crds openapi vars generators transformers validators helmCharts`
    .split(/\s+/)
    .filter(Boolean),
);

/** An absolute path without `.` and `..`. */
export function* absolute(path: string): Work<string> {
  const from = path.startsWith("/") ? path : `${yield* workingFolder()}/${path}`;
  const out: string[] = [];
  for (const part of from.split("/")) {
    if (part === "..") out.pop();
    else if (part !== "" && part !== ".") out.push(part);
  }
  return `/${out.join("/")}`;
}

const noFolder = (given: string, path: string): Failure =>
  new Failure(
    `must build at directory: not a valid directory: evalsymlink failure on '${given}' : lstat ${path}: no such file or directory`,
  );

function* load(folder: string): Work<Kustomization> {
  const found: string[] = (yield* list(folder)).filter((name) => names.includes(name));
  if (found.length === 0)
    throw new Failure(
      `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${folder}'`,
    );
  if (found.length > 1) throw new Failure(`Found multiple kustomization files: ${folder}\n`);
  const text = yield* readFile(`${folder}/${found[0]}`);
  const value = (parseYaml(text).value ?? {}) as Record<string, unknown>;
  const strange = Object.keys(value).find((key) => !known.has(key));
  if (strange !== undefined)
    throw new Failure(
      `invalid Kustomization: json: unknown field "${strange}"`,
    );
  return value as Kustomization;
}

/** The objects of the kustomization in a folder. */
export function* build(given: string): Work<KubeObject[]> {
  const folder = yield* absolute(given);
  const found = yield* stat(folder);
  if (!found) throw noFolder(given, folder);
  if (!found.folder) throw new Failure(`must build at directory: '${folder}': file is not directory`);
  const resources = yield* accumulate(folder, []);
  return resources.map(({ object }) => object);
}

const depthMax = 16;

function* accumulate(folder: string, below: readonly Resource[], depth = 0): Work<Resource[]> {
  if (depth > depthMax) throw new Failure(`cycle not allowed: ${folder}`);
  const config = yield* load(folder);
  const resources: Resource[] = [...below];
  for (const name of [...(config.resources ?? []), ...(config.bases ?? [])])
    resources.push(...(yield* oneResource(folder, name, depth)));
  yield* generate(folder, config, resources);
  let all = resources;
  for (const name of config.components ?? [])
    all = yield* accumulate(yield* absolute(`${folder}/${name}`), all, depth + 1);
  yield* patchAll(folder, config, all);
  return transform(config, all, depth === 0);
}

function* oneResource(folder: string, name: string, depth: number): Work<Resource[]> {
  const path = yield* absolute(`${folder}/${name}`);
  const found = yield* stat(trimEndOf(path, "/"));
  if (!found) {
    const lost = `evalsymlink failure on '${path}' : lstat ${path}: no such file or directory`;
    throw new Failure(
      `accumulating resources: accumulation err='accumulating resources from '${name}': ${lost}': must build at directory: not a valid directory: ${lost}`,
    );
  }
  if (found.folder) return yield* accumulate(path, [], depth + 1);
  const values = [...readObjects(yield* readFile(path), name)];
  return values
    .flatMap((value) => flattened(objectOf(value, name)))
    .map((object) => resourceOf(object));
}

export const resourceOf = (object: KubeObject): Resource => ({
  object,
  origin: {
    name: object.metadata?.name ?? "",
    namespace: object.metadata?.namespace ?? "",
  },
});
