/** Replacements: a field of one object copied to fields of others. k8s: kustomize/api/filters/replacement/replacement.go */
import { parseYaml } from "../../schema/yaml.ts";
import { readFile } from "../asks.ts";
import { Failure } from "../errors.ts";
import { known, type Work } from "../work.ts";
import { put, readAt } from "./field-paths.ts";
import { isTarget } from "./patches.ts";
import { absolute } from "./paths.ts";
import type { FieldOptions, Replacement, Resource, Target } from "./types.ts";

/** Replacements with those that lie in files of their own. */
export function* loadReplacements(
  folder: string,
  list: readonly Replacement[],
): Work<Replacement[]> {
  const out: Replacement[] = [];
  for (const one of list) {
    if (!one.path) {
      out.push(one);
      continue;
    }
    if (one.source || one.targets)
      throw new Failure("cannot specify both path and inline replacement");
    const { value } = parseYaml(yield* readFile(yield* absolute(`${folder}/${one.path}`)));
    out.push(...(Array.isArray(value) ? (value as Replacement[]) : [value as Replacement]));
  }
  return yield* known(out);
}

/** `Deployment.v1.apps/web.[noNs]`. k8s: kustomize/kyaml/resid */
const idText = ({ kind, version, group, name, namespace }: Target): string =>
  `${kind || "[noKind]"}.${version || "[noVer]"}.${group || "[noGrp]"}/${name || "[noName]"}.${namespace || "[noNs]"}`;

/** Whether an object has what a source names, to the letter, under its present or its first name. */
function isSource({ object, origin }: Resource, source: Target): boolean {
  const { apiVersion = "", kind, metadata } = object;
  const slash = apiVersion.indexOf("/");
  const same = (wanted: string | undefined, ...own: (string | undefined)[]): boolean =>
    !wanted || own.includes(wanted);
  return (
    same(source.group, slash < 0 ? "" : apiVersion.slice(0, slash)) &&
    same(source.version, apiVersion.slice(slash + 1)) &&
    same(source.kind, kind) &&
    same(source.name, metadata?.name, origin.name) &&
    same(source.namespace, metadata?.namespace ?? "default", origin.namespace || "default")
  );
}

function sourceValue(
  source: NonNullable<Replacement["source"]>,
  resources: readonly Resource[],
): unknown {
  const found = resources.filter((one) => isSource(one, source));
  const text = [idText(source), source.fieldPath, optionsText(source.options)].filter(Boolean);
  if (found.length === 0) throw new Failure(`nothing selected by ${text.join(":")}`);
  if (found.length > 1) throw new Failure(`multiple matches for selector ${text.join(":")}`);
  const path = source.fieldPath || "metadata.name";
  const value = readAt((found[0] as Resource).object, path);
  if (value === undefined || value === null || value === "")
    throw new Failure(`fieldPath \`${path}\` is missing for replacement source ${idText(source)}`);
  const { delimiter, index = 0 } = source.options ?? {};
  if (!delimiter) return value;
  if (typeof value === "object")
    throw new Failure("delimiter option can only be used with scalar nodes");
  const part = String(value).split(delimiter)[index];
  if (part === undefined)
    throw new Failure(`options.index ${index} is out of bounds for value ${String(value)}`);
  return part;
}

/** k8s: kustomize/api/types/replacement.go FieldOptions.String */
const optionsText = (options: FieldOptions | undefined): string =>
  options?.delimiter ? `delimiter=${options.delimiter} index=${options.index ?? 0}` : "";

/** A field with its new value; a scalar keeps its own type. */
function changed(before: unknown, value: unknown, { delimiter, index = 0 }: FieldOptions): unknown {
  let next = value;
  if (delimiter) {
    if (typeof before === "object" && before !== null)
      throw new Failure("delimiter option can only be used with scalar nodes");
    const parts = String(before ?? "").split(delimiter);
    if (index < 0) parts.unshift(String(value));
    else if (index >= parts.length) parts.push(String(value));
    else parts[index] = String(value);
    next = parts.join(delimiter);
  }
  if (before === undefined || typeof before === "object" || typeof next === "object") return next;
  if (typeof before === "string") return String(next);
  if (typeof before === "number" && !Number.isNaN(Number(next))) return Number(next);
  if (typeof before === "boolean" && /^(true|false)$/.test(String(next)))
    return String(next) === "true";
  return next;
}

export function replace(replacement: Replacement, resources: readonly Resource[]): void {
  const { source, targets } = replacement;
  if ((!source && replacement.sourceValue === undefined) || !targets)
    throw new Failure("replacements must specify a source and at least one target");
  if (source && replacement.sourceValue !== undefined)
    throw new Failure("value and resource selectors are mutually exclusive");
  const value = source ? sourceValue(source, resources) : replacement.sourceValue;
  for (const { select, reject = [], fieldPaths, options = {} } of targets) {
    if (!select) throw new Failure("target must specify resources to select");
    for (const one of resources) {
      if (!isTarget(one, select) || reject.some((not) => isTarget(one, not))) continue;
      for (const field of fieldPaths?.length ? fieldPaths : ["metadata.name"]) {
        const create = options.create === true;
        const count = put(one.object, field, create, (before) => changed(before, value, options));
        if (count === 0)
          throw new Failure(
            `unable to find ${create ? "or create " : ""}field ${JSON.stringify(field)} in replacement target`,
          );
      }
    }
  }
}
