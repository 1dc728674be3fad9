/**
 * What a kustomization makes of its resources: bases and components first, then generators, patches and the transformers of its
 * fields. k8s: sigs.k8s.io/kustomize/api/internal/target/kusttarget.go
 */
import { kustomizationDepthMax } from "../../core/limits.ts";
import { trimEndOf } from "../../core/trim.ts";
import { parseYaml } from "../../schema/yaml.ts";
import { list, readFile, stat } from "../asks.ts";
import { Failure } from "../errors.ts";
import { isList, objectOf, readObjects, type KubeObject } from "../objects.ts";
import { at, type Work } from "../work.ts";
import { fieldsOf } from "./fields.ts";
import { generate } from "./generators.ts";
import { patchAll } from "./patches.ts";
import { absolute } from "./paths.ts";
import { loadReplacements } from "./replacements.ts";
import { transform } from "./transformers.ts";
import { resourceOf, type Kustomization, type Resource } from "./types.ts";

const names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

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
  if (text.trim() === "") throw new Failure(`${found[0]} is empty`);
  const { value, strange } = fieldsOf(parsed(text) ?? {});
  if (strange !== undefined)
    throw new Failure(`invalid Kustomization: json: unknown field "${strange}"`);
  return value as Kustomization;
}

function parsed(text: string): unknown {
  try {
    return parseYaml(text).value;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `invalid Kustomization: ${why.replace(/^error converting YAML to JSON: /, "")}`,
    );
  }
}

/** Fields that others have taken the place of. k8s: kustomize/api/types/kustomization.go CheckDeprecatedFields */
const instead = {
  commonLabels: "labels",
  patchesJson6902: "patches",
  patchesStrategicMerge: "patches",
} as const;

function* warnOfOldFields(config: Kustomization): Work<void> {
  for (const [field, other] of Object.entries(instead)) {
    if (!config[field as keyof typeof instead]) continue;
    const text = `# Warning: '${field}' is deprecated. Please use '${other}' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n`;
    yield* at((sys) => sys.write(2, text));
  }
}

/** `Pod.v1.[noGrp]/plain.[noNs]` */
function idOf({ object }: Resource): string {
  const { apiVersion = "", kind, metadata } = object;
  const [version, group] = apiVersion.split("/").toReversed();
  return `${kind}.${version}.${group ?? "[noGrp]"}/${metadata?.name ?? "[noName]"}.${metadata?.namespace ?? "[noNs]"}`;
}

/** The objects of the kustomization in a folder. */
export function* build(given: string): Work<KubeObject[]> {
  const folder = yield* absolute(given);
  const found = yield* stat(folder);
  if (!found) throw noFolder(given, folder);
  if (!found.folder)
    throw new Failure(`must build at directory: '${folder}': file is not directory`);
  const resources = yield* accumulate(folder, []);
  return resources.map(({ object }) => object);
}

function* accumulate(
  folder: string,
  below: readonly Resource[],
  depth = 0,
  component = false,
): Work<Resource[]> {
  if (depth > kustomizationDepthMax) throw new Failure(`cycle not allowed: ${folder}`);
  const config = yield* load(folder);
  const kind = config.kind ?? "Kustomization";
  if (component && kind !== "Component")
    throw new Failure(`expected kind 'Component' for path '${folder}' but got '${kind}'`);
  const resources: Resource[] = [...below];
  yield* warnOfOldFields(config);
  for (const name of [...(config.resources ?? []), ...(config.bases ?? [])]) {
    const more = yield* oneResource(folder, name, depth);
    for (const one of more) {
      if (!resources.some((known) => idOf(known) === idOf(one))) {
        resources.push(one);
        continue;
      }
      const path = yield* absolute(`${folder}/${name}`);
      throw new Failure(
        `accumulating resources: accumulation err='merging resources from '${name}': may not add resource with an already registered id: ${idOf(one)}': must build at directory: '${path}': file is not directory`,
      );
    }
  }
  yield* generate(folder, config, resources);
  let all = resources;
  for (const name of config.components ?? []) all = yield* oneComponent(folder, name, all, depth);
  yield* patchAll(folder, config, all);
  const replacements = yield* loadReplacements(folder, config.replacements ?? []);
  return transform({ ...config, replacements }, all, depth === 0);
}

function* oneComponent(
  folder: string,
  name: string,
  all: readonly Resource[],
  depth: number,
): Work<Resource[]> {
  const path = yield* absolute(`${folder}/${name}`);
  const found = yield* stat(trimEndOf(path, "/"));
  if (!found)
    throw new Failure(
      `accumulating components: loader.New ${JSON.stringify(noFolder(path, path).message)}`,
    );
  try {
    return yield* accumulate(path, all, depth + 1, true);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      `accumulating components: accumulateDirectory: ${JSON.stringify(error.message)}`,
    );
  }
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
  if (found.folder) {
    const { kind } = yield* load(path);
    if (kind === "Component")
      throw new Failure(
        `accumulating resources: accumulation err='accumulating resources from '${name}': '${path}' must resolve to a file': expected kind != 'Component' for path '${path}'`,
      );
    return yield* accumulate(path, [], depth + 1);
  }
  const values = [...readObjects(yield* readFile(path), name)];
  return values
    .flatMap((value) => itemsOf(objectOf(value, name)))
    .map((object) => resourceOf(object));
}

/** An object, or those of a list. */
const itemsOf = (object: KubeObject): KubeObject[] =>
  isList(object) ? object.items.flatMap(itemsOf) : [object];
