/**
 * What a turn changed in a record, for the log's row. Most of a machine's record stays as it was when a key is typed, and most
 * of a chunk of output when a line is printed, so a row tells only what is new of a record that the log has told whole since
 * the newest checkpoint. Both sides are forms on disk, plain JSON.
 */
import { toldWholeCharactersMax } from "./limits.ts";

/**
 * 0: it is gone; a list of one: it is that now; a text: what was added at its end; an object: what changed within, by field or
 * by index.
 */
export type Difference = 0 | [value: unknown] | string | { [field: string]: Difference };

type Fields = Record<string, unknown>;

const isTable = (value: unknown): value is Fields => typeof value === "object" && value !== null;

/** undefined: the two are the same. */
export function differenceOf(before: unknown, now: unknown): Difference | undefined {
  if (before === now) return undefined;
  if (typeof now === "string")
    return typeof before === "string" && before !== "" && now.startsWith(before)
      ? now.slice(before.length)
      : [now];
  if (!isTable(before) || !isTable(now)) return [now];
  if (Array.isArray(now)) return Array.isArray(before) ? inList(before, now) : [now];
  return Array.isArray(before) ? [now] : inFields(before, now);
}

/** A list that became shorter is told whole. */
function inList(before: readonly unknown[], now: readonly unknown[]): Difference | undefined {
  if (now.length < before.length) return [now];
  const within: Record<string, Difference> = {};
  let some = false;
  for (let i = 0; i < now.length; i++) {
    const inside = i < before.length ? differenceOf(before[i], now[i]) : ([now[i]] as [unknown]);
    if (inside === undefined) continue;
    within[i] = inside;
    some = true;
  }
  return some ? within : undefined;
}

function inFields(before: Fields, now: Fields): Difference | undefined {
  // A name that would set a prototype instead of a field.
  if (Object.hasOwn(before, "__proto__") || Object.hasOwn(now, "__proto__")) return [now];
  if (haveSameNames(before, now)) return ofEach(before, now);
  const within: Record<string, Difference> = {};
  const kept: string[] = [];
  const added: string[] = [];
  let some = false;
  for (const [name, was] of Object.entries(before)) {
    if (was === undefined) continue;
    if (now[name] === undefined) within[name] = 0;
    else {
      kept.push(name);
      const inside = differenceOf(was, now[name]);
      if (inside === undefined) continue;
      within[name] = inside;
    }
    some = true;
  }
  const order: string[] = [];
  for (const [name, is] of Object.entries(now)) {
    if (is === undefined) continue;
    order.push(name);
    if (before[name] !== undefined) continue;
    added.push(name);
    within[name] = [is];
    some = true;
  }
  // Programs see the order of fields, so it has to come out the same. Numbers sort themselves, in every object.
  const isSame = [...kept, ...added].every((name, i) => name === order[i] || /^\d+$/.test(name));
  if (!isSame) return [now];
  return some ? within : undefined;
}

/** The same fields in the same order, which most records have from turn to turn. */
function haveSameNames(before: Fields, now: Fields): boolean {
  const were = Object.keys(before);
  const are = Object.keys(now);
  if (were.length !== are.length) return false;
  for (let i = 0; i < are.length; i++) {
    const name = are[i] as string;
    if (were[i] !== name || before[name] === undefined || now[name] === undefined) return false;
  }
  return true;
}

function ofEach(before: Fields, now: Fields): Difference | undefined {
  let within: Record<string, Difference> | undefined;
  for (const [name, is] of Object.entries(now)) {
    const inside = differenceOf(before[name], is);
    if (inside !== undefined) (within ??= {})[name] = inside;
  }
  return within;
}

/** The value that a difference makes of the one before, which is changed in place. */
export function withDifference(before: unknown, difference: Difference): unknown {
  if (typeof difference === "string") return (before as string) + difference;
  if (difference === 0) return undefined;
  if (Array.isArray(difference)) return difference[0];
  const table = before as Fields;
  for (const name in difference) {
    const now = withDifference(table[name], difference[name] as Difference);
    if (now === undefined) delete table[name];
    else table[name] = now;
  }
  return table;
}

/** The difference as JSON where it is worth it: undefined where the whole, whose JSON is `text`, is to be told. */
export function differenceText(
  before: () => unknown,
  now: unknown,
  text: string,
): string | undefined {
  if (text.length < toldWholeCharactersMax) return undefined;
  const difference = differenceOf(before(), now);
  if (difference === undefined || Array.isArray(difference)) return undefined;
  const told = JSON.stringify(difference);
  return told.length * 2 < text.length ? told : undefined;
}
