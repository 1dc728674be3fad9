/** The shape of a log row: a turn's revisions and record changes as JSON, and a revision as watches see it. */
import { partTextsKeptMax } from "./limits.ts";
import type { Change, KubeObject } from "./object.ts";
import type { Difference } from "./record-difference.ts";

/** [rv, at, op, resource, namespace, name, object, labels before if they differed, fields before if they differed] */
export type ChangeRow = [
  number,
  number,
  "c" | "u" | "d",
  string,
  string,
  string,
  KubeObject,
  (Record<string, string> | null)?,
  (Record<string, string> | null)?,
];

/** A row's body. On disk its names are one letter each (`StoredTurn`). */
export interface TurnRow {
  /** Virtual ms at the turn's end. */
  nowMs: number;
  changes: ChangeRow[];
  records: RecordRow[];
  /** Who caused the revisions of `changes`. */
  causes?: Causes | undefined;
  /** Keys still to be looked at; undefined: none, or rows of the turn follow. */
  waiting?: string[] | undefined;
  /** How far back the log tells, where that may have changed (core/past.ts). */
  reach?: [number, number, number] | undefined;
}

/**
 * [table, key, value in its form on disk, what changed in it]; no value: deleted. With a difference the value is null: it is made
 * of the one that an earlier row since the newest checkpoint's position told whole.
 */
export type RecordRow = [table: string, key: string, value?: unknown, difference?: Difference];

interface StoredTurn {
  n: number;
  c: ChangeRow[];
  r: RecordRow[];
  b?: Causes | undefined;
  q?: string[] | undefined;
  p?: [number, number, number] | undefined;
}

/** Of a row's body. */
export function turnOf(body: string): TurnRow {
  const { n, c, r, b, q, p } = JSON.parse(body) as StoredTurn;
  return { nowMs: n, changes: c, records: r, causes: b, waiting: q, reach: p };
}

/** The body of a row; for one with parts whose JSON is known already see core/turn-rows.ts. */
export function turnText({ nowMs, changes, records, causes, waiting, reach }: TurnRow): string {
  const stored: StoredTurn = { n: nowMs, c: changes, r: records, b: causes, q: waiting, p: reach };
  return JSON.stringify(stored);
}

/**
 * Who caused a row's revisions, in runs: a name and how many revisions are theirs, and so on; the last name has no number.
 * "" is nobody known.
 */
export type Causes = (string | number)[];

/** Of the names of who caused a row's revisions; undefined where nobody is known. */
export function causesIn(names: readonly string[]): Causes | undefined {
  const runs: Causes = [];
  let count = 0;
  names.forEach((by, i) => {
    count += 1;
    if (by === names[i + 1]) return;
    runs.push(by);
    if (i + 1 < names.length) runs.push(count);
    count = 0;
  });
  return names.some((by) => by !== "") ? runs : undefined;
}

/** As member of the row's JSON; nothing where nobody is known. */
export function causesText(changes: readonly Change[]): string {
  const causes = causesIn(changes.map(({ by = "" }) => by));
  return causes ? `,"b":${JSON.stringify(causes)}` : "";
}

/** One for each revision of the row. */
export function causesOf({ changes, causes: runs = [] }: TurnRow): (string | undefined)[] {
  const causes: (string | undefined)[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    const until = i + 1 < runs.length ? causes.length + Number(runs[i + 1]) : changes.length;
    while (causes.length < until) causes.push(String(runs[i]) || undefined);
  }
  return causes;
}

/** A revision as the log keeps it: enough of the state before to tell who stopped matching a selector. */
export interface LogEntry extends Omit<Change, "key"> {
  previousLabels?: Record<string, string>;
  previousFields?: Record<string, string>;
  /** resourceVersion of the state before; entries read from disk do not know. */
  previousRevision?: number;
  /** JSON of `object`. */
  text: string;
}

function sameTexts(a: Record<string, string>, b: Record<string, string>): boolean {
  if (a === b) return true;
  for (const key in a) if (a[key] !== b[key]) return false;
  for (const key in b) if (!(key in a)) return false;
  return true;
}

/** JSON of parts that stay from revision to revision, by two generations: the older one goes when the newer is full. */
let partTexts = new Map<unknown, string>();
let olderPartTexts = partTexts;

function partText(part: object): string {
  let text = partTexts.get(part);
  if (text !== undefined) return text;
  text = olderPartTexts.get(part) ?? JSON.stringify(part);
  if (partTexts.size >= partTextsKeptMax) {
    olderPartTexts = partTexts;
    partTexts = new Map();
  }
  partTexts.set(part, text);
  return text;
}

/** An object's JSON. Most of it is often a spec that stays from the second revision on, and a status. */
function textOf({ op, object }: Change): string {
  const parts = object as unknown as Record<string, object | string | undefined>;
  if (op === "create" || parts["spec"] === undefined) return JSON.stringify(object);
  let text = "";
  for (const key in parts) {
    const part = parts[key];
    if (part === undefined) continue;
    const stays = key === "spec" || key === "status";
    const json = stays ? partText(part as object) : JSON.stringify(part);
    text += `${text === "" ? "{" : ","}"${key}":${json}`;
  }
  return `${text}}`;
}

/** An entry of the ring: its object is held while it is new, and read from the text afterwards. */
export class KeptEntry implements LogEntry {
  readonly rv: number;
  readonly at: number;
  readonly op: Change["op"];
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly by: string | undefined;
  readonly text: string;
  /** Kept where labels or fields differ: who stops matching by them is shown what was there last. */
  previous: KubeObject | undefined = undefined;
  previousLabels: Record<string, string> | undefined = undefined;
  previousFields: Record<string, string> | undefined = undefined;
  previousRevision: number | undefined = undefined;
  #object: KubeObject | undefined;

  constructor(change: Change, fieldsOf: FieldsOf) {
    this.rv = change.rv;
    this.at = change.at;
    this.op = change.op;
    this.resource = change.resource;
    this.namespace = change.namespace;
    this.name = change.name;
    this.by = change.by;
    this.text = textOf(change);
    this.#object = change.object;
    const before = change.previous;
    if (!before) return;
    this.previousRevision = Number(before.metadata.resourceVersion);
    this.previousLabels = before.metadata.labels ?? {};
    const fields = fieldsOf(change.resource, before);
    if (fields) this.previousFields = fields;
    const labelsDiffer = !sameTexts(this.previousLabels, change.object.metadata.labels ?? {});
    const fieldsDiffer =
      fields !== undefined && !sameTexts(fields, fieldsOf(change.resource, change.object) ?? {});
    if (labelsDiffer || fieldsDiffer) this.previous = before;
  }

  get object(): KubeObject {
    return this.#object ?? (JSON.parse(this.text) as KubeObject);
  }

  release(): void {
    this.#object = undefined;
  }
}

/** Selectable fields of an object, for those who watch by them. */
export type FieldsOf = (resource: string, object: KubeObject) => Record<string, string> | undefined;

const opCodes = { create: "c", update: "u", delete: "d" } as const;
const opNames = { c: "create", u: "update", d: "delete" } as const;

/** A row of the log as a watch needs it, with the labels and fields that its object had before. */
export function entryOf(row: ChangeRow, by: string | undefined, fieldsOf: FieldsOf): LogEntry {
  const [rv, atMs, op, resource, namespace, name, object, labels, fields] = row;
  const entry: LogEntry = {
    rv,
    at: atMs,
    op: opNames[op],
    resource,
    namespace,
    name,
    by,
    object,
    // Of most nobody asks it.
    get text() {
      return JSON.stringify(object);
    },
  };
  if (op !== "c") {
    entry.previousLabels = labels ?? object.metadata.labels ?? {};
    const before = fields ?? fieldsOf(resource, object);
    if (before) entry.previousFields = before;
  }
  return entry;
}

/** A change's JSON; previous labels and fields are included only where they differed. */
export function changeText(
  change: Change,
  entry: LogEntry | undefined,
  fieldsOf: FieldsOf,
): string {
  const text = entry?.rv === change.rv ? entry.text : JSON.stringify(change.object);
  const { rv, at, op, resource, namespace, name } = change;
  const head = `[${rv},${at},"${opCodes[op]}","${resource}","${namespace}",${JSON.stringify(name)}`;
  const previous = change.previous;
  if (!previous || change.op !== "update") return `${head},${text}]`;
  let tail = "";
  const before = previous.metadata.labels;
  const after = change.object.metadata.labels;
  // The entry has compared them already: it keeps what was there before only where they differ.
  const compared = entry instanceof KeptEntry && entry.rv === change.rv;
  if (compared && !entry.previous && before === after) return `${head},${text}]`;
  const labels = before === after ? undefined : JSON.stringify(before ?? {});
  const labelsDiffer = labels !== undefined && labels !== JSON.stringify(after ?? {});
  const were = fieldsOf(change.resource, previous);
  const fields = were ? JSON.stringify(were) : undefined;
  const fieldsDiffer =
    fields !== undefined && fields !== JSON.stringify(fieldsOf(change.resource, change.object));
  if (fieldsDiffer) tail = `,${labelsDiffer ? labels : "null"},${fields}`;
  else if (labelsDiffer) tail = `,${labels}`;
  return `${head},${text}${tail}]`;
}
