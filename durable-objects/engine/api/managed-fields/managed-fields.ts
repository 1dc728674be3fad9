/**
 * Server-side apply, and the record of who manages which field.
 * k8s: apimachinery/pkg/util/managedfields, structured-merge-diff/merge/update.go
 */
import type { KubeObject, ManagedFieldsEntry } from "../../core/object.ts";
import { decodeObject } from "../../schema/decode.ts";
import type { StructType } from "../../schema/types.ts";
import { fieldElement } from "./element.ts";
import { patchFailure } from "../../schema/patch/strategic-order.ts";
import { type JsonObject, isObject } from "../../schema/patch/go-value.ts";
import { badRequest } from "../../machinery/status.ts";
import { compare, withoutFields, type Comparison } from "./compare.ts";
import { applyConflict, conflictsOf, conflictsOutside, type Conflict } from "./conflict.ts";
import {
  capUpdaters,
  decodeEntries,
  encodeEntries,
  identifier,
  isReset,
  putSet,
  tryDecodeEntries,
  type Share,
  type Shares,
} from "./entries.ts";
import {
  difference,
  EMPTY,
  intersection,
  isEmpty,
  recursiveDifference,
  setOf,
  union,
  type FieldSet,
} from "./field-set.ts";
import { LAST_APPLIED_MANAGER, lastAppliedFields, withLastApplied } from "./last-applied.ts";
import { mergeTyped } from "./merge.ts";
import { prune } from "./prune.ts";
import { resetFieldsOf } from "./reset-fields.ts";
import { shapeOf, type MapShape } from "./shape.ts";
import { toFieldSet } from "./to-field-set.ts";
import { checkTyped, TypedError } from "./typed-value.ts";

interface Write {
  /** Undefined: maps are granular and lists atomic, as of custom resources without a schema. */
  schema: StructType | undefined;
  apiVersion: string;
  manager: string;
  /** "" or undefined: the object itself. */
  subresource?: string;
  /** RFC3339; recorded when the manager's share changes. */
  now: string;
  /** What of the metadata a status write leaves alone, by the kind. */
  statusResets?: readonly string[] | undefined;
  /** Fields this kind of write ignores; default: by type and subresource (reset-fields.ts). */
  resetFields?: FieldSet;
}

export interface UpdateWrite extends Write {
  /** Undefined: a create. */
  before: KubeObject | undefined;
  /** Decoded, its managedFields as the client sent them. */
  after: KubeObject;
}

export interface ApplyWrite extends Write {
  /** Undefined: nothing there yet. */
  current: KubeObject | undefined;
  /** The parsed body, not decoded: what it does not name is not claimed. */
  applied: unknown;
  force: boolean;
  /** When given, apiVersion and kind of the body must be these. */
  kind?: string;
}

/** What a write works with. */
interface Context {
  readonly write: Write;
  readonly shape: MapShape;
  readonly reset: FieldSet;
}

/** Never recorded as managed. k8s: managedfields/internal/stripmeta.go */
const STRIPPED = setOf(
  ...["apiVersion", "kind", "metadata"].map((name) => [fieldElement(name)]),
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((name) => [fieldElement("metadata"), fieldElement(name)]),
);
/** Owns what was there before the first apply. */
const BEFORE_FIRST_APPLY = "before-first-apply";

function contextOf(write: Write): Context {
  const { schema } = write;
  return {
    write,
    shape: shapeOf(schema),
    reset: write.resetFields ?? resetFieldsOf(schema, write.subresource ?? "", write.statusResets),
  };
}

const asJson = (object: KubeObject | undefined): JsonObject =>
  (object ?? NOTHING) as unknown as JsonObject;
const NOTHING = Object.freeze({});

const shareOf = (
  { write }: Context,
  operation: Share["operation"],
  manager = write.manager,
): Omit<Share, "set"> => ({
  manager: manager || "unknown",
  operation,
  apiVersion: write.apiVersion,
  subresource: write.subresource ?? "",
  time: undefined,
});

/** Without what this kind of write resets anyway. */
function differences(
  context: Context,
  before: JsonObject,
  after: JsonObject,
  complete: boolean,
): Comparison {
  return withoutFields(compare(before, after, context.shape, complete), context.reset);
}

/** Everyone but `except` loses what changed. */
function takeFromOthers(shares: Shares, changed: FieldSet, except?: string): void {
  if (isEmpty(changed)) return;
  for (const [id, share] of shares) {
    if (id !== except) putSet(shares, id, share, difference(share.set, changed));
  }
}

/**
 * Records an ordinary write: what it changed goes from its managers to the writer; what it removed
 * goes from everyone. k8s: managedfieldsupdater.go Update, merge.Updater.Update
 */
function update(
  context: Context,
  before: JsonObject,
  after: JsonObject,
  shares: Shares,
  manager?: string,
): void {
  const { removed, modified, added } = differences(context, before, after, true);
  const taken = difference(union(modified, added), STRIPPED);
  takeFromOthers(shares, union(taken, removed));
  if (!isEmpty(taken)) {
    const share = shareOf(context, "Update", manager);
    const id = identifier(share);
    const previous = shares.get(id)?.set ?? EMPTY;
    shares.set(id, { ...share, time: context.write.now, set: union(previous, taken) });
  }
  capUpdaters(shares);
}

/** The managers to start from: those the client sent if it sent any that make sense, else the stored ones. */
function startingShares(write: UpdateWrite): Shares {
  const stored = write.before?.metadata.managedFields;
  const sent = write.after.metadata.managedFields;
  if (!write.subresource && sent !== stored) {
    if (isReset(sent)) return new Map();
    const shares = tryDecodeEntries(sent);
    if (shares?.size) return shares;
  }
  return tryDecodeEntries(stored) ?? new Map();
}

/**
 * managedFields after a create or an update that is no apply; the same array when nothing changed.
 * Never throws for what a client sent: managedFields that make no sense are passed over.
 */
export function trackUpdate(write: UpdateWrite): ManagedFieldsEntry[] | undefined {
  const stored = write.before?.metadata.managedFields;
  const shares = startingShares(write);
  // An object whose managers were forgotten stays without until the next apply.
  if (!shares.size && write.before) return undefined;
  const starting = new Map(shares);
  try {
    update(contextOf(write), asJson(write.before), asJson(write.after), shares);
  } catch (error) {
    if (error instanceof TypedError) return stored;
    throw error;
  }
  const same =
    shares.size === starting.size && [...shares].every(([id, s]) => starting.get(id) === s);
  const sent = write.after.metadata.managedFields;
  if (same && stored && (sent === stored || sent === undefined || write.subresource)) return stored;
  return encodeEntries(shares);
}

interface Applied {
  object: JsonObject;
  shares: Shares;
}

/** One attempt; `Conflict`s when others own, with another value, what it sets. k8s: merge.Updater.Apply */
function attempt(
  context: Context,
  live: JsonObject,
  applied: JsonObject,
  before: Shares,
  force: boolean,
): Applied | Conflict[] {
  const { shape, reset, write } = context;
  const shares = new Map(before);
  const share = shareOf(context, "Apply");
  const id = identifier(share);
  const last = shares.get(id);
  const set = recursiveDifference(toFieldSet(applied, shape), reset);
  shares.set(id, { ...share, time: last?.time, set });
  const merged = mergeTyped(live, applied, shape);
  const object = last ? prune(merged, shares, last.set, set, shape) : merged;
  const { removed, modified, added } = differences(context, live, object, false);
  const changes = union(modified, added);
  const contested = new Map<string, readonly [Share, FieldSet]>();
  for (const [other, owner] of shares) {
    const both = other === id ? EMPTY : intersection(owner.set, changes);
    if (!isEmpty(both)) contested.set(other, [owner, both]);
  }
  if (contested.size && !force) return conflictsOf(contested);
  takeFromOthers(shares, union(changes, removed), id);
  const time = object === live ? last?.time : write.now;
  putSet(shares, id, { ...share, time, set }, difference(set, STRIPPED));
  const own = shares.get(id);
  if (own && own.time !== time) shares.set(id, { ...own, time });
  return { object, shares };
}

/** kubectl may override fields that its last-applied annotation lists. k8s: lastAppliedManager.Apply */
function applyOrRefuse(
  context: Context,
  live: JsonObject,
  applied: JsonObject,
  shares: Shares,
  force: boolean,
): Applied {
  const result = attempt(context, live, applied, shares, force);
  if (!Array.isArray(result)) return result;
  let conflicts = result;
  if (context.write.manager === LAST_APPLIED_MANAGER) {
    const allowed = lastAppliedFields(live, context.write.apiVersion, context.shape);
    conflicts = conflictsOutside(conflicts, allowed);
    if (!conflicts.length) {
      return attempt(context, live, applied, shares, true) as Applied;
    }
  }
  throw applyConflict(conflicts);
}

/** `default/web; apps/v1, Kind=Deployment` */
function describe(applied: JsonObject): string {
  const metadata = isObject(applied.metadata) ? applied.metadata : {};
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return `${text(metadata.namespace)}/${text(metadata.name)}; ${kindText(applied)}`;
}

function kindText({ apiVersion, kind }: JsonObject): string {
  const version = typeof apiVersion === "string" ? apiVersion : "";
  const qualified = version.includes("/") ? version : `/${version}`;
  return `${qualified}, Kind=${typeof kind === "string" ? kind : ""}`;
}

/** k8s: apiserver pkg/endpoints/handlers/patch.go applyPatchToCurrentObject; Go's encoding/json */
function notAMap(value: unknown): string {
  const kinds: Record<string, string> = { boolean: "bool", object: "array" };
  const kind = kinds[typeof value] ?? typeof value;
  return `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}

/** k8s: versioncheck.go, structuredmerge.go Apply */
function checkApplied(write: ApplyWrite, shape: MapShape): JsonObject {
  const { apiVersion, kind } = write;
  const applied = write.applied ?? {};
  if (!isObject(applied)) throw badRequest(notAMap(applied));
  const wrongKind = kind !== undefined && applied.kind !== kind;
  if (wrongKind || applied.apiVersion !== apiVersion) {
    throw badRequest(`invalid object type: ${kindText(applied)}`);
  }
  if (isObject(applied.metadata) && Array.isArray(applied.metadata.managedFields)) {
    throw badRequest("metadata.managedFields must be nil");
  }
  try {
    checkTyped(applied, shape, false);
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    throw patchFailure(
      `failed to create typed patch object (${describe(applied)}): ${error.message}`,
    );
  }
  return applied;
}

function decodeLive(entries: readonly ManagedFieldsEntry[] | undefined): Shares {
  try {
    return decodeEntries(entries);
  } catch (error) {
    throw patchFailure(`failed to decode managed fields: ${(error as Error).message}`);
  }
}

/** The merged object as its type holds it: nulls gone, quantities canonical; without managedFields. */
function decoded(schema: StructType | undefined, object: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = (object.metadata ?? NOTHING) as JsonObject;
  const plain = { ...object, metadata };
  if (!schema) return plain;
  const { object: result, error } = decodeObject(schema, plain);
  if (error === undefined) return result;
  throw patchFailure(
    `failed to convert new object (${describe(object)}) to proper version: ${error}`,
  );
}

/**
 * The object after an apply, with its new managedFields; still to be defaulted, admitted and validated.
 * Where nothing changes it is `current` itself, save for managedFields.
 * Throws StatusError: 409 with the conflicts, 400 for a wrong kind or version or managedFields in the
 * body, 500 with upstream's text for a body that does not fit the type.
 */
export function applyPatch(write: ApplyWrite): KubeObject {
  const context = contextOf(write);
  const applied = checkApplied(write, context.shape);
  const live = asJson(write.current);
  const stored = write.current?.metadata.managedFields;
  const shares = decodeLive(stored);
  if (!shares.size && write.current) {
    update(context, NOTHING, live, shares, BEFORE_FIRST_APPLY);
  }
  const result = applyOrRefuse(context, live, applied, shares, write.force);
  let { object } = result;
  if (write.manager === LAST_APPLIED_MANAGER) object = withLastApplied(object, applied);
  if (object !== live || !write.current) object = decoded(write.schema, object);
  const managedFields = encodeEntries(result.shares);
  const metadata = { ...(object.metadata as JsonObject | undefined), managedFields };
  if (!managedFields) delete metadata.managedFields;
  return { ...object, metadata } as unknown as KubeObject;
}
