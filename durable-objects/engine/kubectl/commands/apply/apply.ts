/** kubectl apply. k8s: kubectl/pkg/cmd/apply/{apply,patcher}.go */
import { mergePatchType, strategicPatchType, type ApiClient } from "../../client.ts";
import type { Command, Kubectl } from "../../command.ts";
import { sleep } from "../../asks.ts";
import { placeOf } from "../../config/client-config.ts";
import {
  aggregate,
  Failure,
  isNotFound,
  isReason,
  StatusFailure,
  withSource,
} from "../../errors.ts";
import { fileOptions, requireFiles } from "../../files.ts";
import { goJson } from "../../go/json.ts";
import {
  applyObject,
  cascadeOf,
  createObject,
  deleteObject,
  described,
  donePrinter,
  dryRunOf,
  lastApplied,
  lastAppliedKey,
  patchObject,
  validated,
  validationOf,
  warnIfDeleting,
  withLastApplied,
} from "../../changes.ts";
import { threeWayPatch } from "../../merge/three-way-patch.ts";
import { patchLocally, structOfType } from "../../merge/local-patch.ts";
import { migrate } from "../../merge/migrate-managed-fields.ts";
import { record } from "../../mutate/record.ts";
import type { KubeObject } from "../../objects.ts";
import { readInfo, type Info } from "../../result.ts";
import { section, type Outcome, type Work } from "../../work.ts";
import { applySetOf, beforeApply, labelMembers, pruneSet, validateApplySet } from "./applyset.ts";
import type { ApplyOptions } from "./options.ts";
import { prune, pruneTypes } from "./prune.ts";
import type { JsonObject } from "../../../schema/patch/go-value.ts";

function* complete(k: Kubectl): Work<ApplyOptions> {
  const { flags, args } = k;
  if (args.length > 0) k.usage(`Unexpected args: [${args.join(" ")}]`);
  const dryRun = yield* dryRunOf(k);
  const cascade = yield* cascadeOf(k);
  requireFiles(fileOptions(flags));
  const validation = validationOf(k);
  const where = placeOf(yield* k.access());
  const serverSide = flags.bool("server-side");
  const reference = flags.has("applyset") ? flags.string("applyset") : "";
  const set = reference
    ? yield* applySetOf(k, reference, where.explicitNamespace ? where.namespace : "")
    : undefined;
  const types = flags.bool("prune") ? yield* pruneTypes(k, flags.list("prune-allowlist")) : [];
  return {
    k,
    dryRun,
    cascade,
    gracePeriod: flags.int("grace-period"),
    validation,
    serverSide,
    fieldManager:
      serverSide && !flags.changed("field-manager") ? "kubectl" : flags.string("field-manager"),
    namespace: where.namespace,
    explicit: where.explicitNamespace,
    pruneTypes: types,
    ...(set ? { applySet: set } : {}),
    uids: new Set(),
    namespaces: new Set(),
  };
}

function* validate({ k, dryRun, serverSide, applySet, pruneTypes }: ApplyOptions): Work<void> {
  const { flags } = k;
  const force = flags.bool("force");
  const selector = flags.string("selector");
  if (flags.bool("force-conflicts") && !serverSide)
    k.fail("--force-conflicts only works with --server-side");
  if (dryRun === "client" && serverSide)
    k.fail(
      "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
    );
  if (serverSide && force) k.fail("--force cannot be used with --server-side");
  if (dryRun === "server" && force) k.fail("--dry-run=server cannot be used with --force");
  if (flags.bool("all") && selector) k.fail("cannot set --all and --selector at the same time");
  if (applySet) {
    if (!flags.bool("prune")) k.fail("--applyset requires --prune");
    yield* validateApplySet(k, applySet);
    if (force) k.fail("--force cannot be used with --prune");
    if (flags.bool("all")) k.fail("--all is incompatible with --applyset");
    if (selector) k.fail("--selector is incompatible with --applyset");
    if (pruneTypes.length > 0) k.fail("--prune-allowlist is incompatible with --applyset");
  } else if (flags.bool("prune")) {
    if (force) k.fail("--force cannot be used with --prune");
    if (!flags.bool("all") && !selector)
      k.fail(
        "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
      );
    if (serverSide)
      k.fail(
        "--prune is in alpha and doesn't currently work on objects created by server-side apply",
      );
  }
  if (flags.string("subresource") && !serverSide)
    k.fail("--subresource can only be specified for --server-side");
}

const printsObjects = ({ k }: ApplyOptions): boolean =>
  !["", "name"].includes(k.flags.string("output"));

function* tell(o: ApplyOptions, operation: string, object: KubeObject): Work<void> {
  if (printsObjects(o)) return;
  o.k.out((yield* donePrinter(o.k, operation, o.dryRun))(object));
}

function* run(k: Kubectl): Work<Outcome> {
  const o = yield* complete(k);
  yield* validate(o);
  if (o.explicit) o.namespaces.add(o.namespace);
  const result = yield* k.build({
    files: fileOptions(k.flags),
    labelSelector: k.flags.string("selector"),
    namespace: o.namespace,
    enforceNamespace: o.explicit,
    continueOnError: true,
    ...validated(o.validation),
  });
  const { infos, error } = yield* result.infos();
  const errors: Failure[] = error ? [error] : [];
  if (o.applySet) labelMembers(o.applySet, infos);
  if (infos.length === 0 && errors.length === 0) k.fail("no objects passed to apply");
  if (o.applySet) yield* beforeApply(o, o.applySet, infos);
  for (const info of infos) {
    if (info.type.namespaced) o.namespaces.add(info.namespace);
    try {
      info.object = yield* section(() => applyOne(o, info));
      o.uids.add(info.object.metadata?.uid ?? "");
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      errors.push(failure);
    }
  }
  const all = aggregate(errors);
  if (all) throw all;
  yield* printAll(o, infos);
  if (o.applySet) yield* pruneSet(o, o.applySet);
  else if (k.flags.bool("prune")) yield* prune(o);
  return 0;
}

function* printAll(o: ApplyOptions, infos: readonly Info[]): Work<void> {
  if (!printsObjects(o)) return;
  const objects = infos.flatMap(({ object }) => (object ? [object] : []));
  const [first] = objects;
  if (!first) return;
  const printer = yield* donePrinter(o.k, "", o.dryRun);
  o.k.out(
    printer(
      objects.length === 1
        ? first
        : ({ apiVersion: "v1", items: objects, kind: "List", metadata: {} } as KubeObject),
    ),
  );
}

/** The object as it is afterwards. */
function* applyOne(o: ApplyOptions, info: Info): Work<KubeObject> {
  const object = info.object as KubeObject;
  record(o.k, object);
  if (info.name === "" && object.metadata?.generateName)
    throw new Failure(`from ${object.metadata.generateName}: cannot use generate name with apply`);
  return o.serverSide ? yield* serverSide(o, info, object) : yield* clientSide(o, info, object);
}

const conflictAdvice = `
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`;

function* serverSide(o: ApplyOptions, info: Info, object: KubeObject): Work<KubeObject> {
  const client = yield* o.k.client();
  const change = {
    dryRun: o.dryRun,
    fieldManager: o.fieldManager,
    validation: o.validation,
    subresource: o.k.flags.string("subresource"),
    force: o.k.flags.bool("force-conflicts"),
  };
  let applied: KubeObject;
  try {
    applied = yield* applyObject(client, info, object, change);
  } catch (error) {
    if (isReason(error, "Conflict"))
      throw new Failure(`${(error as Failure).message}${conflictAdvice}`);
    if (error instanceof StatusFailure && error.status.code === 415)
      throw new Failure(`Server-side apply not available on the server: (${error.message})`);
    throw error;
  }
  applied = yield* migrate(client, info, object, applied, change, (text) => o.k.err(text));
  warnIfDeleting(o.k, applied);
  yield* tell(o, "serverside-applied", applied);
  return applied;
}

/** An object without its nulls, as an update would leave it. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}

function* clientSide(o: ApplyOptions, info: Info, object: KubeObject): Work<KubeObject> {
  const { k } = o;
  const machinery = yield* k.machinery();
  const modified = withLastApplied(object);
  let current: KubeObject;
  try {
    current = yield* readInfo(machinery, info);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (!isNotFound(error))
      throw withSource(
        `retrieving current configuration of:\n${described(info)}\nfrom server for:`,
        info.source,
        error,
      );
    return yield* create(o, info, withoutNulls(modified) as KubeObject);
  }
  if (lastApplied(current) === undefined)
    k.err(
      `Warning: resource ${info.type.plural}/${info.name} is missing the ${lastAppliedKey} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  const { patch, object: patched } = yield* patchOne(o, info, current, modified);
  warnIfDeleting(k, patched);
  yield* tell(o, patch === "{}" ? "unchanged" : "configured", patched);
  return patched;
}

function* create(o: ApplyOptions, info: Info, object: KubeObject): Work<KubeObject> {
  let created = object;
  if (o.dryRun !== "client") {
    try {
      created = yield* createObject(yield* o.k.client(), info, object, o);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw withSource("creating", info.source, error);
    }
  }
  yield* tell(o, "created", created);
  return created;
}

interface Patched {
  patch: string;
  object: KubeObject;
}

function patchFor(o: ApplyOptions, info: Info, current: KubeObject, modified: KubeObject): string {
  const original = lastApplied(current);
  try {
    const before = original ? (JSON.parse(original) as JsonObject) : {};
    return threeWayPatch(
      before,
      modified as JsonObject,
      current as JsonObject,
      structOfType(info.type),
      o.k.flags.bool("overwrite"),
    );
  } catch (error) {
    const why = error instanceof Failure ? error.message : "invalid JSON document";
    throw new Failure(
      `creating patch with:\noriginal:\n${original ?? ""}\nmodified:\n${goJson(modified)}\n\ncurrent:\n${goJson(current)}\n\nfor: ${why}`,
    );
  }
}

/** Conflicts are met with another look and another patch; the second and later ones after a second. k8s: apply/patcher.go maxPatchRetry */
const triesMax = 5;

function* patchOne(
  o: ApplyOptions,
  info: Info,
  found: KubeObject,
  modified: KubeObject,
): Work<Patched> {
  const machinery = yield* o.k.machinery();
  const { client } = machinery;
  const contentType = structOfType(info.type) ? strategicPatchType : mergePatchType;
  let current = found;
  let patch = "";
  try {
    for (let tries = 0; ; tries++) {
      patch = patchFor(o, info, current, modified);
      if (patch === "{}") return { patch, object: current };
      if (o.dryRun === "client")
        return { patch, object: patchLocally(current, JSON.parse(patch), contentType) };
      try {
        return { patch, object: yield* patchObject(client, info, contentType, patch, o) };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const conflict = isReason(error, "Conflict");
        if (conflict && tries < triesMax) {
          if (tries > 0) yield* sleep(1000);
          current = yield* readInfo(machinery, info);
          continue;
        }
        if ((conflict || isReason(error, "Invalid")) && o.k.flags.bool("force"))
          return yield* replaceByForce(o, client, info, current, modified);
        throw withSource("patching", info.source, error);
      }
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw withSource(
      `applying patch:\n${patch}\nto:\n${described(info)}\nfor:`,
      info.source,
      error,
    );
  }
}

function* replaceByForce(
  o: ApplyOptions,
  client: ApiClient,
  info: Info,
  current: KubeObject,
  modified: KubeObject,
): Work<Patched> {
  yield* deleteObject(client, info, o);
  const machinery = yield* o.k.machinery();
  for (;;) {
    try {
      yield* readInfo(machinery, { ...info });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      break;
    }
    yield* sleep(1000);
  }
  try {
    return {
      patch: `${goJson(modified)}\n`,
      object: yield* createObject(client, info, modified, o),
    };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // What was there is put back.
    yield* createObject(client, info, current, o);
    throw error;
  }
}

export const apply: Command = { path: "apply", run };
