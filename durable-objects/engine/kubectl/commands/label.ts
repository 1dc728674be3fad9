/** kubectl label, annotate. k8s: kubectl/pkg/cmd/{label/label,annotate/annotate}.go */
import { goQuote } from "../../machinery/field.ts";
import { labelValue } from "../../machinery/names.ts";
import { cloneJson } from "../../runtime/bytes.ts";
import { mergePatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure, throwAll } from "../errors.ts";
import { fileOptions, hasFiles } from "../files.ts";
import { byText } from "../go/json.ts";
import { mergeDiff } from "../mutate/merge-diff.ts";
import { dryRunOf, patchObject, placeIn, printerFor, type DryRun } from "../mutate/mutation.ts";
import { parsePairs, resourcesAndPairs } from "../mutate/pairs.ts";
import { record } from "../mutate/record.ts";
import type { Info } from "../result.ts";
import type { KubeObject } from "../objects.ts";
import type { Work } from "../work.ts";

interface Change {
  set: Record<string, string>;
  gone: string[];
}

/** k8s: label.go parseLabels */
function parseLabels(pairs: readonly string[]): Change {
  const set: Record<string, string> = {};
  const gone: string[] = [];
  for (const pair of pairs) {
    if (pair.includes("=")) {
      const [key = "", value = "", ...rest] = pair.split("=");
      if (rest.length > 0) throw new Failure(`invalid label spec: ${pair}`);
      const problems = labelValue(value);
      if (problems.length > 0)
        throw new Failure(`invalid label value: ${goQuote(pair)}: ${problems.join(";")}`);
      set[key] = value;
    } else gone.push(pair.slice(0, -1));
  }
  if (gone.some((key) => key in set))
    throw new Failure("can not both modify and remove a label in the same command");
  return { set, gone };
}

function checkPlace(
  k: Kubectl,
  resources: readonly string[],
  dryRun: DryRun,
  label: boolean,
): void {
  const { flags } = k;
  const files = hasFiles(fileOptions(flags));
  if (flags.bool("all") && flags.string("selector"))
    k.fail("cannot set --all and --selector at the same time");
  if (flags.bool("all") && flags.string("field-selector"))
    k.fail("cannot set --all and --field-selector at the same time");
  if (!flags.bool("local")) {
    if (resources.length === 0 && !files)
      k.fail("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    return;
  }
  const [yaml, json] = label ? ["pod.yaml", "pod.json"] : ["rsrc.yaml", "rsrc.json"];
  if (dryRun === "server")
    k.fail("cannot specify --local and --dry-run=server - did you mean --dry-run=client?");
  if (resources.length > 0)
    k.fail(`can only use local files by -f ${yaml} or --filename=${json} when --local=true is set`);
  if (!files) k.fail(`one or more files must be specified as -f ${yaml} or --filename=${json}`);
}

/** Changes the labels or annotations of an object; the keys that came and went. */
function changed(
  k: Kubectl,
  object: KubeObject,
  field: "labels" | "annotations",
  { set, gone }: Change,
): { added: string[]; removed: string[] } {
  const values = { ...object.metadata?.[field] };
  if (!k.flags.bool("overwrite")) checkOverwrites(field, values, set);
  const added = Object.keys(set).filter((key) => values[key] !== set[key]);
  const removed = gone.filter((key) => key in values);
  Object.assign(values, set);
  for (const key of gone) delete values[key];
  object.metadata = { ...object.metadata };
  if (Object.keys(values).length > 0) object.metadata[field] = values;
  else delete object.metadata[field];
  const version = k.flags.string("resource-version");
  if (version) object.metadata.resourceVersion = version;
  return { added, removed };
}

function checkOverwrites(
  field: "labels" | "annotations",
  values: Record<string, string>,
  set: Record<string, string>,
): void {
  const clash = Object.keys(set).filter(
    (key) =>
      values[key] !== undefined &&
      values[key] !== set[key] &&
      (field === "labels" || key !== "kubernetes.io/change-cause"),
  );
  if (clash.length === 0) return;
  const texts = clash
    .toSorted(byText)
    .map((key) => `'${key}' already has a value (${values[key]})`);
  if (field === "annotations")
    throw new Failure(
      `--overwrite is false but found the following declared annotation(s): ${texts.join("; ")}`,
    );
  throwAll(texts.map((text) => new Failure(`${text}, and --overwrite is false`)));
}

function listValues(k: Kubectl, info: Info, field: "labels" | "annotations", one: boolean): void {
  const object = info.object as KubeObject;
  const indent = one ? "" : " ";
  if (!one) k.out(`Listing ${field} for ${object.kind}.${info.type.group}/${info.name}:\n`);
  const values = object.metadata?.[field] ?? {};
  for (const key of Object.keys(values).toSorted(byText)) k.out(`${indent}${key}=${values[key]}\n`);
}

interface Options {
  field: "labels" | "annotations";
  change: Change;
  dryRun: DryRun;
  /** One object was meant. */
  one: boolean;
}

function* apply(k: Kubectl, info: Info, options: Options): Work<void> {
  const { field, change, dryRun, one } = options;
  const { flags } = k;
  const labels = field === "labels";
  const object = info.object as KubeObject;
  if (flags.string("resource-version")) delete object.metadata?.resourceVersion;
  const before = cloneJson(object);
  const onServer = dryRun !== "client" && !flags.bool("local") && !flags.bool("list");
  if (onServer && labels)
    for (const key of change.gone)
      if (!(key in (object.metadata?.labels ?? {}))) k.out(`label ${goQuote(key)} not found.\n`);
  if (onServer && !labels) record(k, object);
  const { added, removed } = changed(k, object, field, change);
  if (onServer && labels) record(k, object);
  if (flags.bool("list")) return listValues(k, info, field, one);
  let shown: KubeObject = object;
  if (onServer && (!labels || added.length > 0 || removed.length > 0)) {
    const patch = mergeDiff(before, object) ?? {};
    const made = yield* patchObject(k, info, patch, { contentType: mergePatchType, dryRun });
    if (!labels) shown = made;
  }
  const done =
    added.length && removed.length
      ? "modified"
      : added.length
        ? "labeled"
        : removed.length
          ? "unlabeled"
          : "not labeled";
  const print = yield* printerFor(k, dryRun, labels ? done : "annotated");
  k.out(print(shown));
}

/** What is asked for, checked in the order that each of the two commands has. */
function* readOptions(
  k: Kubectl,
  field: "labels" | "annotations",
): Work<Omit<Options, "one"> & { resources: string[] }> {
  const { flags, args } = k;
  const label = field === "labels";
  const what = label ? "label" : "annotation";
  const dryRun = yield* dryRunOf(k);
  if (!label) yield* printerFor(k, dryRun, "annotated");
  const { resources, pairs } = resourcesAndPairs(args, what);
  const change = label ? parseLabels(pairs) : parsePairs(pairs, what, true);
  if (flags.bool("list") && flags.string("output"))
    k.fail("--list and --output may not be specified together");
  checkPlace(k, resources, dryRun, label);
  if (Object.keys(change.set).length + change.gone.length === 0 && !flags.bool("list"))
    k.fail(`at least one ${what} update is required`);
  const both = change.gone.filter((key) => key in change.set);
  if (!label && both.length > 0)
    k.fail(
      `can not both modify and remove the following annotation(s) in the same command: ${both.join(", ")}`,
    );
  return { field, change, dryRun, resources };
}

const metadataCommand = (path: string, field: "labels" | "annotations"): Command => ({
  path,
  *run(k) {
    const { flags } = k;
    const { resources, ...options } = yield* readOptions(k, field);
    const place = yield* placeIn(k);
    const local = flags.bool("local");
    const result = yield* k.build({
      files: fileOptions(flags),
      // Without a server nobody knows what lies in a namespace.
      namespace: local ? "" : place.namespace,
      enforceNamespace: place.explicit && !local,
      continueOnError: true,
      ...(local
        ? { local }
        : {
            args: resources,
            allOfType: flags.bool("all"),
            labelSelector: flags.string("selector"),
            fieldSelector: flags.string("field-selector"),
            allNamespaces: flags.bool("all-namespaces"),
            latest: true,
          }),
    });
    const one = result.singleItemImplied;
    if (!one && flags.string("resource-version"))
      k.fail("--resource-version may only be used with a single resource");
    yield* result.visit((info) => apply(k, info, { ...options, one }));
  },
});

export const label = metadataCommand("label", "labels");
export const annotate = metadataCommand("annotate", "annotations");
