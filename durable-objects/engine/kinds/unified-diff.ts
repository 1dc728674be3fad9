/**
 * The Go-style tail of "pod updates may not change fields": a unified diff of both specs as indented JSON.
 * k8s: apimachinery/pkg/util/diff/diff.go Diff
 */
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

/** Pairs of equal lines as a longest common subsequence (specs are a few hundred lines at most). */
function matches(a: readonly string[], b: readonly string[]): [number, number][] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  )
    end++;
  const rows = a.length - start - end;
  const columns = b.length - start - end;
  const best: number[][] = Array.from(
    { length: rows + 1 },
    () => Array(columns + 1).fill(0) as number[],
  );
  const at = (i: number, j: number): number => best[i]?.[j] ?? 0;
  for (let i = rows - 1; i >= 0; i--)
    for (let j = columns - 1; j >= 0; j--)
      (best[i] as number[])[j] =
        a[start + i] === b[start + j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: [number, number][] = [];
  for (let i = 0; i < start; i++) pairs.push([i, i]);
  let i = 0;
  let j = 0;
  while (i < rows && j < columns) {
    if (a[start + i] === b[start + j]) pairs.push([start + i++, start + j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  for (let k = end; k > 0; k--) pairs.push([a.length - k, b.length - k]);
  return pairs;
}

interface Line {
  mark: " " | "-" | "+";
  text: string;
}

function script(a: readonly string[], b: readonly string[]): Line[] {
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...matches(a, b), [a.length, b.length] as [number, number]]) {
    while (i < x) lines.push({ mark: "-", text: a[i++] ?? "" });
    while (j < y) lines.push({ mark: "+", text: b[j++] ?? "" });
    if (i < a.length && j < b.length) {
      lines.push({ mark: " ", text: a[i++] ?? "" });
      j++;
    }
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

export const podSpecDiff = (before: object, after: object): string =>
  unifiedDiff(podSpecJson(before), podSpecJson(after));

/** Of two values of an internal type. */
export const shapeDiff = (before: unknown, after: unknown, shape: string): string =>
  unifiedDiff(
    JSON.stringify(internal(before, shape), undefined, 1),
    JSON.stringify(internal(after, shape), undefined, 1),
  );

/** Of one ephemeral container. */
export const containerDiff = (before: object, after: object): string =>
  shapeDiff(before, after, "EphemeralContainer");
