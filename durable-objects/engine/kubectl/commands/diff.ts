/** kubectl diff. k8s: kubectl/pkg/cmd/diff/diff.go */
import { isObject, type JsonObject } from "../../schema/patch/go-value.ts";
import { environment, random, removeFile, runChild, writeFile } from "../asks.ts";
import {
  applyObject,
  configurationOf,
  createObject,
  lastApplied,
  patchObject,
  warnIfDeleting,
} from "../changes.ts";
import { mergePatchType, strategicPatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { placeOf } from "../config/client-config.ts";
import { klogHead } from "../discovery.ts";
import { Exit, Failure, isNotFound, isReason, report } from "../errors.ts";
import { fileOptions, requireFiles } from "../files.ts";
import { threeWayPatch } from "../merge/three-way-patch.ts";
import { structOfType } from "../merge/local-patch.ts";
import type { KubeObject } from "../objects.ts";
import { printYaml } from "../printers/yaml.ts";
import { readInfo, type Info } from "../result.ts";
import { section, type Outcome, type Work } from "../work.ts";
import type { PruneType } from "./apply/options.ts";
import { eachPruned, prunedTypes, pruneTypes } from "./apply/prune.ts";

/** k8s: kubectl/pkg/cmd/diff/diff.go maxRetries */
const conflictsMax = 4;

function* merged(k: Kubectl, info: Info, local: KubeObject, live?: KubeObject): Work<KubeObject> {
  const client = yield* k.client();
  const { flags } = k;
  const serverSide = flags.bool("server-side");
  const fieldManager =
    serverSide && !flags.changed("field-manager") ? "kubectl" : flags.string("field-manager");
  const change = { dryRun: "server" as const, fieldManager };
  if (serverSide)
    return yield* applyObject(client, info, local, {
      ...change,
      force: flags.bool("force-conflicts"),
    });
  if (!live) return yield* createObject(client, info, local, change);
  const struct = structOfType(info.type);
  const original = lastApplied(live);
  const text = threeWayPatch(
    original ? (JSON.parse(original) as JsonObject) : {},
    JSON.parse(configurationOf(local)) as JsonObject,
    live as JsonObject,
    struct,
  );
  if (text === "{}") return live;
  const contentType = struct ? strategicPatchType : mergePatchType;
  return yield* patchObject(client, info, contentType, text, change);
}

const masks = { same: "***", before: "*** (before)", after: "*** (after)" };

/** Values of Secrets are not shown, only whether they change. k8s: diff.go Masker */
function masked(
  from: KubeObject | undefined,
  to: KubeObject,
): [KubeObject | undefined, KubeObject] {
  const old = isObject(from?.["data"]) ? from["data"] : {};
  const now = isObject(to["data"]) ? to["data"] : {};
  const hide = (own: JsonObject, other: JsonObject, mask: string): JsonObject =>
    Object.fromEntries(
      Object.keys(own).map((key) => [
        key,
        Object.hasOwn(other, key) && own[key] !== other[key] ? mask : masks.same,
      ]),
    );
  const put = (object: KubeObject, data: JsonObject): KubeObject =>
    isObject(object["data"]) ? { ...object, data } : object;
  return [from && put(from, hide(old, now, masks.before)), put(to, hide(now, old, masks.after))];
}

function shown(k: Kubectl, object: KubeObject): KubeObject {
  if (k.flags.bool("show-managed-fields") || !object.metadata) return object;
  const { managedFields: _managed, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** What was seen of the cluster. k8s: kubectl/pkg/cmd/diff/prune.go tracker */
interface Seen {
  namespaces: Set<string>;
  uids: Set<string>;
}

/** k8s: diff.go getObjectName */
const fileOf = ({ group, version, kind }: Info["type"], namespace: string, name: string): string =>
  `${group ? `${group}.` : ""}${version}.${kind}.${namespace}.${name}`;

/** Writes what is there and what would be, each into its folder; returns the files. */
function* compare(k: Kubectl, info: Info, folders: [string, string], seen: Seen): Work<string[]> {
  const machinery = yield* k.machinery();
  const local = info.object as KubeObject;
  for (let tries = 1; ; tries++) {
    let live: KubeObject | undefined;
    try {
      live = yield* readInfo(machinery, info);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    if (info.type.namespaced) seen.namespaces.add(info.namespace);
    if (live?.metadata?.uid) seen.uids.add(live.metadata.uid);
    let to: KubeObject;
    try {
      to = yield* merged(k, info, local, live);
    } catch (error) {
      if (isReason(error, "Conflict") && tries < conflictsMax) continue;
      throw error;
    }
    let [before, after] = [live && shown(k, live), shown(k, to)];
    if (to.kind === "Secret" && to.apiVersion === "v1" && !k.flags.bool("show-secrets"))
      [before, after] = masked(before, after);
    const name = fileOf(info.type, info.namespace, info.name);
    const files = [`${folders[0]}/${name}`, `${folders[1]}/${name}`];
    yield* writeFile(files[0] as string, before ? printYaml(before) : "", 0o600, true);
    yield* writeFile(files[1] as string, printYaml(after), 0o600, true);
    if (live) warnIfDeleting(k, live);
    return files;
  }
}

/** Writes what pruning would delete, as it is; returns the files. k8s: kubectl/pkg/cmd/diff/prune.go pruneAll */
function* pruned(
  k: Kubectl,
  named: readonly PruneType[],
  folder: string,
  { namespaces, uids }: Seen,
): Work<string[]> {
  const files: string[] = [];
  try {
    const types = yield* prunedTypes(k, named);
    const places = [...namespaces, ""].flatMap((namespace) =>
      types
        .filter((type) => type.namespaced === (namespace !== ""))
        .map((type) => ({ namespace, type })),
    );
    for (const { namespace, type } of places)
      yield* eachPruned(k, type, { namespace, uids }, function* (object) {
        const { name = "", namespace: own = "" } = object.metadata ?? {};
        const file = `${folder}/${fileOf(type, own, name)}`;
        yield* writeFile(file, printYaml(object), 0o600, true);
        files.push(file);
      });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const head = yield* klogHead("diff.go:760", "W");
    k.err(`${head} pruning failed and could not be evaluated err: ${error.message}\n`);
  }
  return files;
}

function* run(k: Kubectl): Work<Outcome> {
  try {
    return yield* differ(k);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error instanceof Exit) throw error;
    // One means that there are differences.
    const { text, code } = report(error);
    throw new Exit(code + 1, text);
  }
}

function* differ(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  if (args.length > 0) k.usage(`Unexpected args: [${args.join(" ")}]`);
  requireFiles(fileOptions(flags));
  if (flags.bool("force-conflicts") && !flags.bool("server-side"))
    k.fail("--force-conflicts only works with --server-side");
  const where = placeOf(yield* k.access());
  const prunes = flags.bool("prune");
  const types = prunes ? yield* pruneTypes(k, flags.list("prune-allowlist")) : [];
  const draw = Math.floor((yield* random()) * 1e9);
  const folders: [string, string] = [`/tmp/LIVE-${draw}`, `/tmp/MERGED-${draw}`];
  const result = yield* k.build({
    files: fileOptions(flags),
    labelSelector: flags.string("selector"),
    namespace: where.namespace,
    enforceNamespace: where.explicitNamespace,
  });
  const files: string[] = [];
  const seen: Seen = { namespaces: new Set(), uids: new Set() };
  for (const folder of folders) yield* writeFile(`${folder}/.keep`, "", 0o600, true);
  for (const folder of folders) yield* removeFile(`${folder}/.keep`);
  yield* result.visit(function* (info) {
    files.push(...(yield* section(() => compare(k, info, folders, seen))));
  });
  if (prunes) files.push(...(yield* section(() => pruned(k, types, folders[0], seen))));
  const env = (yield* environment())["KUBECTL_EXTERNAL_DIFF"];
  const [program = "diff", ...more] = env ? env.split(" ") : ["diff", "-u", "-N"];
  const given = env ? more.filter((word) => /^[a-zA-Z0-9-=]+$/.test(word)) : more;
  const child = yield* runChild([program, ...given, ...folders]);
  for (const file of files) yield* removeFile(file);
  if (child.status === 0) return 0;
  if (child.errno !== undefined)
    k.fail(`failed to run "${program}": exec: "${program}": executable file not found in $PATH`);
  if (child.status > 1) k.fail(`failed to run "${program}": exit status ${child.status}`);
  throw new Exit(1);
}

export const diff: Command = { path: "diff", run };
