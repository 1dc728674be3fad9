/** What MongoDB's filters and updates do to documents. */
import { lookup } from "../../../core/lookup.ts";
import type { MatchWork } from "../../../runtime/match-work.ts";
import { encodeUtf8 } from "../../../runtime/bytes.ts";
import { Regex, regexFor, Search } from "../../../regex/regex.ts";
import { isDoc, tagOf, type Doc, type Json } from "./bson.ts";

/** What a command answers that fails. mongo: src/mongo/base/error_codes.yml */
export class Fault extends Error {
  override name = "Fault";
  readonly code: number;
  readonly codeName: string;
  constructor(code: number, codeName: string, message: string) {
    super(message);
    this.code = code;
    this.codeName = codeName;
  }
}
const badValue = (text: string): Fault => new Fault(2, "BadValue", text);

type Found = Json | undefined;

/** Values of a path: lists on the way are looked into. */
function valuesAt(value: Found, path: readonly string[]): Found[] {
  const [first, ...rest] = path;
  if (first === undefined) return [value];
  if (Array.isArray(value) && !/^\d+$/.test(first))
    return value.flatMap((one) => valuesAt(one, path));
  return valuesAt(value && Object.hasOwn(value as Doc, first) ? (value as Doc)[first] : undefined, rest); // prettier-ignore
}

const ranks = ["number", "string", "object", "list", "$binary", "$oid", "boolean", "$date"];

/** Values of different types have an order too. mongo: docs, BSON comparison order */
const rank = (value: Found): number =>
  ranks.indexOf(tagOf(value) ?? (Array.isArray(value) ? "list" : value === null ? "" : typeof value)); // prettier-ignore

function plainOf(value: Found): number | string {
  const tag = tagOf(value);
  const one = tag ? (value as Doc)[tag] : value;
  return typeof one === "number" || typeof one === "string" ? one : JSON.stringify(one ?? null);
}

function compare(a: Found, b: Found): number {
  const [x, y] = [plainOf(a), plainOf(b)];
  return rank(a) - rank(b) || (x < y ? -1 : x > y ? 1 : 0);
}

type Test = (value: Found, wanted: Json, work: MatchWork, all: Doc) => boolean;
const either = (value: Found, test: (one: Found) => boolean): boolean =>
  test(value) || (Array.isArray(value) && value.some(test));
const ordered =
  (test: (by: number) => boolean): Test =>
  (value, wanted) =>
    either(value, (one) => rank(one) === rank(wanted) && test(compare(one, wanted)));

function like(value: Found, pattern: string, options: string, work: MatchWork): boolean {
  const fold = options.includes("i");
  const bytes = encodeUtf8(pattern);
  const made = regexFor(work, `mongo ${fold} ${bytes}`, bytes, { syntax: "perl", fold });
  if (!(made instanceof Regex)) throw new Fault(51_091, "Location51091", `Regular expression is invalid: ${made.error}`); // prettier-ignore
  return either(value, (one) => typeof one === "string" && new Search(made, encodeUtf8(one), work).next(0) !== undefined); // prettier-ignore
}

const equal: Test = (value, wanted, work) => {
  if (tagOf(wanted) !== "$regularExpression")
    return either(value, (one) => compare(one, wanted) === 0);
  const { pattern, options } = (wanted as Doc).$regularExpression as Doc;
  return like(value, String(pattern), String(options), work);
};
const oneOf: Test = (value, wanted, work, all) =>
  (wanted as Json[]).some((one) => equal(value, one, work, all));

const operators = lookup<Test>({
  $eq: equal,
  $ne: (...all) => !equal(...all),
  $gt: ordered((by) => by > 0),
  $gte: ordered((by) => by >= 0),
  $lt: ordered((by) => by < 0),
  $lte: ordered((by) => by <= 0),
  $in: oneOf,
  $nin: (...all) => !oneOf(...all),
  $exists: (value, wanted) => (value !== undefined) === Boolean(wanted),
  $options: () => true,
  $regex: (value, wanted, work, { $options = "" }) => isDoc(wanted) ? equal(value, wanted, work, {}) : like(value, String(wanted), String($options), work), // prettier-ignore
});

/** Whether it is operators that a document says, and no value. */
const isOperators = (value: Json): boolean =>
  isDoc(value) && !tagOf(value) && Object.keys(value)[0]?.[0] === "$";

function holds(value: Found, wanted: Json, work: MatchWork): boolean {
  if (!isOperators(wanted)) return equal(value, wanted, work, {});
  return Object.entries(wanted as Doc).every(([name, one]) => {
    const test = operators[name];
    if (!test) throw badValue(`unknown operator: ${name}`);
    return test(value, one, work, wanted as Doc);
  });
}

export function matches(doc: Doc, filter: Doc, work: MatchWork): boolean {
  work.spend(1);
  const one = (inner: Json): boolean => matches(doc, inner as Doc, work);
  return Object.entries(filter).every(([path, wanted]) => {
    if (path === "$and") return (wanted as Json[]).every(one);
    if (path === "$or") return (wanted as Json[]).some(one);
    if (path[0] === "$") throw badValue(`unknown top level operator: ${path}`);
    const values = valuesAt(doc, path.split("."));
    const none = isDoc(wanted) && ("$ne" in wanted || "$nin" in wanted);
    return (values.length ? values : [undefined])[none ? "every" : "some"]((value) => holds(value, wanted, work)); // prettier-ignore
  });
}

/** Changes what lies at a path; documents on the way are made. `undefined` takes it away. */
function change(doc: Doc, path: string, to: (old: Found) => Found): void {
  const names = path.split(".");
  const last = names.pop()!;
  let on = doc;
  for (const name of names) {
    if (!Object.hasOwn(on, name) || typeof on[name] !== "object" || !on[name]) on[name] = {};
    on = on[name] as Doc;
  }
  const value = to(Object.hasOwn(on, last) ? on[last] : undefined);
  if (value === undefined) delete on[last];
  else on[last] = value;
}

/** mongo: docs, update operators */
type Change = (old: Found, by: Json, path: string) => Found;
const changes = lookup<Change>({
  $set: (_old, by) => by,
  $unset: () => undefined,
  $inc(old, by, path) {
    if (typeof (old ?? 0) !== "number") throw new Fault(14, "TypeMismatch", `Cannot apply $inc to a value of non-numeric type. The field '${path}' has the non-numeric type ${typeof old}`); // prettier-ignore
    return Number(old ?? 0) + Number(by);
  },
  $push(old, by, path) {
    if (old !== undefined && !Array.isArray(old)) throw badValue(`The field '${path}' must be an array but is of type ${typeof old}`); // prettier-ignore
    return [
      ...(Array.isArray(old) ? old : []),
      ...(isDoc(by) && Array.isArray(by.$each) ? by.$each : [by]),
    ];
  },
});

/** A document after an update: operators, or what is put in its place. */
export function updated(doc: Doc, by: Doc): Doc {
  if (!isOperators(by)) return { ...("_id" in doc && { _id: doc._id! }), ...by };
  const made = JSON.parse(JSON.stringify(doc)) as Doc;
  for (const [word, fields] of Object.entries(by)) {
    const run = changes[word];
    if (!run) throw new Fault(9, "FailedToParse", `Unknown modifier: ${word}. Expected a valid update modifier or pipeline-style update specified as an array`); // prettier-ignore
    for (const [path, value] of Object.entries(fields as Doc))
      change(made, path, (old) => run(old, value, path));
  }
  return made;
}

/** What an upsert begins with: the filter's plain equalities. */
export function seedOf(filter: Doc): Doc {
  const doc: Doc = {};
  for (const [path, value] of Object.entries(filter))
    if (path[0] !== "$" && !isOperators(value)) change(doc, path, () => value);
  return doc;
}

export function sorted(docs: Doc[], by: Doc): Doc[] {
  const at = (doc: Doc, path: string): Found => valuesAt(doc, path.split("."))[0];
  return docs.toSorted((a, b) => {
    for (const [path, way] of Object.entries(by)) {
      const order = compare(at(a, path), at(b, path)) * Number(way);
      if (order) return order;
    }
    return 0;
  });
}

export function projected(doc: Doc, by: Doc): Doc {
  const names = Object.entries(by);
  const only = names.some(([name, one]) => name !== "_id" && one);
  if (!only) return Object.fromEntries(Object.entries(doc).filter(([name]) => by[name] ?? true));
  const made: Doc = {};
  for (const [path, one] of [["_id", by._id ?? 1] as const, ...names]) {
    const [value] = one ? valuesAt(doc, path.split(".")) : [];
    if (value !== undefined) change(made, path, () => value);
  }
  return made;
}
