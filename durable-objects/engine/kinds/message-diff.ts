/**
 * The Go-style tail of "pod updates may not change fields": a unified diff of both specs as indented JSON.
 * k8s: apimachinery/pkg/util/diff/diff.go Diff
 */
import { specDiffBytesMax } from "../core/limits.ts";
import { matchingRuns } from "../machinery/matching-runs.ts";
import shapeTexts from "./spec-shapes.json" with { type: "json" };

type Plain = Record<string, unknown>;

/**
 * The internal types in the order of their fields, as upstream prints them (every field, set or not).
 * `Name:` a text, `:0` a number, `:f` a flag, `:q` a quantity, `:?` nullable, `:?T` nullable or a list of T, `:!T` a T.
 */
const shapes = shapeTexts as Record<string, string>;

interface Field {
  name: string;
  /** Value when unset. */
  zero: unknown;
  /** Shape of the value or of its items. */
  shape: string | undefined;
}

const zeros: Record<string, unknown> = { "": "", "0": 0, f: false, q: "0" };

function fieldsOf(shape: string): Field[] {
  return (shapes[shape] ?? "").split(" ").map((text) => {
    const colon = text.indexOf(":");
    const kind = text.slice(colon + 1);
    const nested = /^[?!](.+)$/.exec(kind)?.[1];
    const zero = kind.startsWith("!") && nested ? internal({}, nested) : (zeros[kind] ?? null);
    return { name: text.slice(0, colon), zero, shape: nested };
  });
}

/** API names that differ from the internal ones by more than capitals. */
const aliases: Record<string, string> = {
  chapauthdiscovery: "discoverychapauth",
  chapauthsession: "sessionchapauth",
  diskuri: "datadiskuri",
};

/** An API value as the internal type of that shape. */
export function internal(value: unknown, shape: string | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => internal(item, shape));
  if (typeof value !== "object" || value === null) return value;
  const given = value as Plain;
  if (!shape || !shapes[shape]) {
    // Maps print in key order; types of other packages as they are.
    const sorted: Plain = {};
    for (const key of Object.keys(given).sort()) sorted[key] = given[key];
    return sorted;
  }
  const byName: Plain = {};
  for (const key in given) {
    const lower = key.toLowerCase();
    byName[aliases[lower] ?? lower] = given[key];
  }
  const out: Plain = {};
  for (const field of fieldsOf(shape)) {
    const found = byName[field.name.toLowerCase()];
    out[field.name] = found === undefined ? field.zero : internal(found, field.shape);
  }
  return out;
}

/** Host namespaces live in the security context of the internal type. */
function podSpecJson(spec: object): string {
  const given = spec as Plain;
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers } = given;
  const host = { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers };
  const securityContext = { ...host, ...(given["securityContext"] as Plain | undefined) };
  return JSON.stringify(internal({ ...given, securityContext }, "PodSpec"), undefined, 1);
}

interface Line {
  mark: " " | "-" | "+";
  text: string;
}

function script(a: readonly string[], b: readonly string[]): Line[] {
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  for (const run of [...matchingRuns(a, b), { a: a.length, b: b.length, length: 0 }]) {
    while (i < run.a) lines.push({ mark: "-", text: a[i++]! });
    while (j < run.b) lines.push({ mark: "+", text: b[j++]! });
    for (; i < run.a + run.length; i++, j++) lines.push({ mark: " ", text: a[i]! });
  }
  return lines;
}

const range = (start: number, length: number): string =>
  length === 1 ? String(start + 1) : `${length === 0 ? start : start + 1},${length}`;

/** Unified diff with three lines of context and no file names. */
export function unifiedDiff(before: string, after: string): string {
  const lines = script(before.split("\n"), after.split("\n"));
  const changed = lines.flatMap((line, n) => (line.mark === " " ? [] : [n]));
  let out = "";
  let a = 0;
  let b = 0;
  let n = 0;
  for (let c = 0; c < changed.length;) {
    const from = Math.max((changed[c] ?? 0) - 3, n);
    let last = changed[c] ?? 0;
    while (c < changed.length && (changed[c] ?? 0) <= last + 7) last = changed[c++] ?? 0;
    const to = Math.min(last + 4, lines.length);
    a += from - n;
    b += from - n;
    const hunk = lines.slice(from, to);
    const removed = hunk.filter((l) => l.mark !== "+").length;
    const added = hunk.filter((l) => l.mark !== "-").length;
    out += `@@ -${range(a, removed)} +${range(b, added)} @@\n`;
    for (const line of hunk) out += `${line.mark}${line.text}\n`;
    a += removed;
    b += added;
    n = to;
  }
  return out;
}

/** Of two values, by texts that `print` makes of them; of great ones only that it is not shown: every field would be printed. */
function diffOf<T extends object>(before: T, after: T, print: (value: T) => string): string {
  const bytes = JSON.stringify(before).length + JSON.stringify(after).length;
  if (bytes > specDiffBytesMax)
    return `the difference is not shown: limit is ${specDiffBytesMax} bytes`;
  return unifiedDiff(print(before), print(after));
}

export const podSpecDiff = (before: object, after: object): string =>
  diffOf(before, after, podSpecJson);

/** Of two values of an internal type. */
export const shapeDiff = (before: object, after: object, shape: string): string =>
  diffOf(before, after, (value) => JSON.stringify(internal(value, shape), undefined, 1));

/** Of one ephemeral container. */
export const containerDiff = (before: object, after: object): string =>
  shapeDiff(before, after, "EphemeralContainer");
