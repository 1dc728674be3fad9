/**
 * Objects once applied by the client go over to server-side apply: what its manager had belongs to the new one.
 * k8s: kubectl/pkg/cmd/apply/apply.go migrateToSSAIfNecessary, client-go/util/csaupgrade/upgrade.go
 */
import { applyObject, lastApplied, lastAppliedKey, patchObject, type Change } from "../changes.ts";
import { jsonPatchType, type ApiClient } from "../client.ts";
import { apiVersionOf } from "../discovery.ts";
import { Failure, isReason } from "../errors.ts";
import { goJson } from "../go/json.ts";
import type { KubeObject } from "../objects.ts";
import { readInfo, type Info } from "../result.ts";
import type { Work } from "../work.ts";
import { Mapper } from "../discovery.ts";

interface Entry {
  manager?: string;
  operation?: string;
  subresource?: string;
  fieldsV1?: Fields;
  [field: string]: unknown;
}
interface Fields {
  [path: string]: Fields;
}

const entriesOf = (object: KubeObject): Entry[] =>
  (object.metadata?.managedFields ?? []) as Entry[];

const ownsLastApplied = ({ fieldsV1 }: Entry): boolean =>
  fieldsV1?.["f:metadata"]?.["f:annotations"]?.[`f:${lastAppliedKey}`] !== undefined;

const owners = (object: KubeObject, operation: string): Entry[] =>
  entriesOf(object).filter((one) => one.operation === operation && ownsLastApplied(one));

const union = (a: Fields, b: Fields): Fields => {
  const out: Fields = { ...a };
  for (const [key, value] of Object.entries(b)) out[key] = union(out[key] ?? {}, value);
  return out;
};

/** Entries with those of the client's managers in the new manager's; undefined: there is nothing to do. */
function upgraded(object: KubeObject, managers: Set<string>, manager: string): Entry[] | undefined {
  const entries = entriesOf(object);
  const old = entries.filter(
    (one) => managers.has(one.manager ?? "") && one.operation === "Update" && !one.subresource,
  );
  if (old.length === 0) return undefined;
  const isNew = (one: Entry): boolean =>
    one.manager === manager && one.operation === "Apply" && !one.subresource;
  const target = entries.find(isNew);
  const fields = [...(target ? [target] : []), ...old].reduce<Fields>(
    (all, { fieldsV1 = {} }) => union(all, fieldsV1),
    {},
  );
  if (target)
    return entries
      .filter((one) => !old.includes(one))
      .map((one) => (one === target ? { ...one, fieldsV1: fields } : one));
  const [first, ...rest] = old;
  return entries
    .filter((one) => !rest.includes(one))
    .map((one) =>
      one === first ? { ...one, manager, operation: "Apply", fieldsV1: fields } : one,
    );
}

/** The annotation stays when the client's manager goes. */
function* keepAnnotation(
  client: ApiClient,
  info: Info,
  applied: KubeObject,
  change: Change,
): Work<KubeObject> {
  const text = lastApplied(applied);
  if (change.fieldManager !== "kubectl" || text === undefined) return applied;
  if (owners(applied, "Apply").length > 0) return applied;
  const { name, namespace } = applied.metadata ?? {};
  const object = {
    apiVersion: apiVersionOf(info.type),
    kind: info.type.kind,
    metadata: {
      annotations: { [lastAppliedKey]: text },
      name,
      ...(namespace ? { namespace } : {}),
    },
  } as KubeObject;
  const { force: _force, subresource: _of, ...rest } = change;
  return yield* applyObject(client, info, object, {
    ...rest,
    fieldManager: "kubectl-last-applied",
  });
}

/** k8s: kubectl/pkg/cmd/apply/patcher.go maxPatchRetry */
const triesMax = 5;

function* moveFields(
  client: ApiClient,
  info: Info,
  applied: KubeObject,
  change: Change,
): Work<KubeObject | undefined> {
  const managers = new Set(owners(applied, "Update").map(({ manager = "" }) => manager));
  let current = applied;
  for (let tries = 0; ; tries++) {
    const entries = upgraded(current, managers, change.fieldManager ?? "");
    if (!entries) return undefined;
    const patch = [
      { op: "replace", path: "/metadata/managedFields", value: entries },
      {
        op: "replace",
        path: "/metadata/resourceVersion",
        value: current.metadata?.resourceVersion,
      },
    ];
    const { force: _force, subresource: _of, ...rest } = change;
    try {
      return yield* patchObject(client, info, jsonPatchType, goJson(patch), rest);
    } catch (error) {
      if (!isReason(error, "Conflict") || tries + 1 >= triesMax) throw error;
      current = yield* readInfo({ client, mapper: new Mapper([]) }, { ...info });
    }
  }
}

/** The object after its fields went over to server-side apply, where they had to. */
export function* migrate(
  client: ApiClient,
  info: Info,
  object: KubeObject,
  given: KubeObject,
  change: Change,
  err: (text: string) => void,
): Work<KubeObject> {
  const attempt = function* <T>(what: string, work: () => Work<T>): Work<T | undefined> {
    try {
      return yield* work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      err(
        `Warning: ${what}. This is non-fatal and will be retried next time you apply. Error: ${error.message}\n`,
      );
      return undefined;
    }
  };
  const applied = yield* attempt(
    "failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side Apply",
    () => keepAnnotation(client, info, given, change),
  );
  if (!applied) return given;
  const moved = yield* attempt(
    "server rejected managed fields migration to Server-Side Apply",
    () => moveFields(client, info, applied, change),
  );
  if (!moved) return applied;
  const again = yield* attempt(
    "failed to re-apply configuration after performing Server-Side Apply migration",
    () => applyObject(client, info, object, change),
  );
  return again ?? moved;
}
