/**
 * Whether a value is a snapshot that a cluster may start from: what the store, the queue and the log take for granted, and of
 * every object the types of its kind. What programs and controllers keep for themselves is theirs to bear: a step that
 * fails over it is taken back alone.
 */
import { builtin, type Registry } from "../api/discovery/registry.ts";
import { lastMomentMs } from "../core/clock.ts";
import { objectKey, type KubeObject } from "../core/object.ts";
import { nodesMax, snapshotTokensMax } from "../core/limits.ts";
import { decodeObject, isObject } from "../schema/decode.ts";
import { structType } from "../schema/types.ts";

type Fields = Record<string, unknown>;

/** Thrown and caught here alone. */
class Unsound extends Error {}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Unsound(what);
}

/**
 * What is wrong with it, in a few words; undefined: nothing. `state`: the version its header names; `kinds`: those that its
 * objects may be of.
 */
export function snapshotProblem(
  value: unknown,
  state: number,
  kinds: Registry = builtin,
): string | undefined {
  try {
    checkSnapshot(value, state, kinds);
    return undefined;
  } catch (error) {
    if (error instanceof Unsound) return error.message;
    throw error;
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const isMoment = (value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= lastMomentMs;
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

function listOf(value: unknown, what: string): unknown[] {
  must(Array.isArray(value), `${what} is no list`);
  return value;
}

function fieldsOf(value: unknown, what: string): Fields {
  must(isObject(value), `${what} is missing`);
  return value;
}

function checkSnapshot(value: unknown, state: number, kinds: Registry): void {
  const whole = fieldsOf(value, "its content");
  must(whole["state"] === state, "its header names another state");
  const { seed, nodes, name, bornMs } = fieldsOf(whole["birth"], "its birth");
  must(isText(seed) && isText(name), "its birth has no seed or name");
  must(isCount(nodes) && nodes <= nodesMax, "its birth has no number of nodes");
  must(isMoment(bornMs), "its birth has no moment");
  checkClock(fieldsOf(whole["clock"], "its clock"));
  const revision = whole["revision"];
  must(isCount(revision), "its revision is no number");
  const stored = checkObjects(kinds, listOf(whole["objects"], "objects"), revision);
  checkRecords(listOf(whole["records"], "records"));
  for (const key of listOf(whole["waiting"], "waiting"))
    must(isText(key), "a waiting key is no text");
  const tokens = listOf(whole["tokens"], "tokens");
  must(tokens.length <= snapshotTokensMax && tokens.every(isText), "its tokens are none");
  const past = fieldsOf(whole["past"], "its past");
  const reach = listOf(past["reach"], "reach");
  must(reach.length === 3 && reach.every(isCount), "its past does not say how far it reaches");
  must(Number(reach[0]) <= revision && Number(reach[1]) <= revision, "its past lies ahead");
  checkPast(kinds, listOf(past["rows"], "rows"), Number(reach[0]), revision, stored);
}

function checkClock(clock: Fields): void {
  const { nowMs, baseMs, sinceMs, speed, paused, jumpToMs, stepsLeft } = clock;
  must(isMoment(nowMs) && isMoment(baseMs) && isMoment(sinceMs), "its clock shows no moment");
  must(typeof speed === "number" && speed > 0 && Number.isFinite(speed), "its clock has no speed");
  must(typeof paused === "boolean", "its clock neither stands nor goes");
  must(jumpToMs === undefined || isMoment(jumpToMs), "its clock jumps nowhere");
  must(stepsLeft === undefined || isCount(stepsLeft), "its clock has no number of steps");
}

/** Rows of a table of tables: names in order, keys in order, none twice. */
function eachRow(
  tables: readonly unknown[],
  take: (table: string, key: string, value: unknown) => void,
): void {
  let lastTable: string | undefined;
  for (const entry of tables) {
    const [table, rows, ...rest] = listOf(entry, "a table");
    must(isText(table) && rest.length === 0, "a table has no name");
    must(lastTable === undefined || lastTable < table, "tables are out of order");
    lastTable = table;
    let lastKey: string | undefined;
    for (const row of listOf(rows, table)) {
      const [key, value, ...more] = listOf(row, `a row of ${table}`);
      must(isText(key) && value !== undefined && more.length === 0, `a row of ${table} is none`);
      must(lastKey === undefined || lastKey < key, `rows of ${table} are out of order`);
      lastKey = key;
      take(table, key, value);
    }
  }
}

/** Returns where objects stand: `resource key`. */
function checkObjects(kinds: Registry, tables: readonly unknown[], revision: number): Set<string> {
  const stored = new Set<string>();
  eachRow(tables, (resource, key, value) => {
    if (value === null) return;
    const object = checkObject(kinds, resource, key, value);
    const rv = object.metadata.resourceVersion;
    must(
      /^[1-9]\d{0,15}$/.test(rv) && Number(rv) <= revision,
      `${resource} ${key} has no revision`,
    );
    stored.add(`${resource} ${key}`);
  });
  return stored;
}

function checkObject(kinds: Registry, resource: string, key: string, value: unknown): KubeObject {
  const known = kinds.stored(resource);
  const isCustom = known === undefined && customShape.test(resource);
  must(known !== undefined || isCustom, `there is no resource ${resource}`);
  const fields = fieldsOf(value, `${resource} ${key}`);
  const metadata = fieldsOf(fields["metadata"], `metadata of ${resource} ${key}`);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  must(isText(name) && name !== "", `${resource} ${key} has no name`);
  const hasPlace = isText(namespace) && namespace !== "";
  const place = known ? known.namespaced === hasPlace : hasPlace || namespace === undefined;
  must(place && (hasPlace || namespace === undefined), `${resource} ${key} has no place`);
  must(objectKey(namespace as string | undefined, name) === key, `${resource} ${key} is another`);
  must(
    isText(uid) && isText(resourceVersion) && isText(creationTimestamp),
    `${key} has no identity`,
  );
  const { apiVersion, kind } = fields;
  const own = known
    ? apiVersion === known.hooks.apiVersion && kind === known.hooks.kind
    : isText(kind) && isText(apiVersion) && apiVersion.split("/")[0] === groupOf(resource);
  must(own, `${resource} ${key} is of another kind`);
  // Of a custom resource its definition says more, which is read where it is served.
  const { error } = known
    ? decodeObject(known.hooks.schema.struct, fields)
    : decodeObject(structType("meta/v1.ObjectMeta"), metadata);
  must(error === undefined, `${resource} ${key}: ${error}`);
  return fields as unknown as KubeObject;
}

/** `crontabs.stable.example.com`: a resource that a CustomResourceDefinition may have made. */
const customShape = /^[a-z][a-z0-9-]*(\.[a-z0-9-]+){2,}$/;

const groupOf = (resource: string): string => resource.slice(resource.indexOf(".") + 1);

/** Moments that the queue sorts by. */
const timerTables = /^(lazy-)?timers$/;

function checkRecords(tables: readonly unknown[]): void {
  eachRow(tables, (table, key, value) => {
    if (timerTables.test(table)) must(isMoment(value), `the timer ${key} has no moment`);
  });
}

function checkPast(
  kinds: Registry,
  rows: readonly unknown[],
  floor: number,
  revision: number,
  stored: ReadonlySet<string>,
): void {
  let last = floor;
  for (const row of rows) {
    const [by, rv, at, op, resource, namespace, name, object, ...before] = listOf(
      row,
      "a revision",
    );
    must(rv === last + 1, "revisions are out of order");
    last = rv;
    must(
      isText(by) && isMoment(at) && isText(op) && /^[cud]$/.test(op),
      `revision ${rv} says nothing`,
    );
    must(isText(resource) && isText(namespace) && isText(name), `revision ${rv} is of nothing`);
    const key = objectKey(namespace, name);
    if (object === null) must(stored.has(`${resource} ${key}`), `revision ${rv} has no object`);
    else checkObject(kinds, resource, key, object);
    must(before.length <= 2 && before.every(isTexts), `revision ${rv} has no labels`);
  }
  must(last === revision, "revisions are missing");
}

const isTexts = (value: unknown): boolean =>
  value === null || (isObject(value) && Object.values(value).every(isText));
