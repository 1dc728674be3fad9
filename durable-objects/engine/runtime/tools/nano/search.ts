/** Searches and replacements, with the runtime's own matcher. */
import { regexFor, type Regex } from "../../../regex/regex.ts";
import type { Sys } from "../../kernel/types.ts";
import { lengthAt } from "../screen/paint.ts";
import { current, tell, wipe, type NanoState, type Position } from "./state.ts";
import { change, goTo, isBefore, lineAt, placeOf } from "./text.ts";

interface Hit {
  at: Position;
  length: number;
  wrapped: boolean;
}

function compiled(sys: Sys, state: NanoState, text: string): Regex | undefined {
  const { regexp, casesensitive } = state.options;
  const made = regexFor(sys.matching, `${regexp} ${casesensitive} ${text}`, text, {
    syntax: regexp ? "extended" : "fixed",
    fold: !casesensitive,
  });
  if (!("error" in made)) return made;
  tell(state, `Bad regex "${text}": ${made.error}`);
  return undefined;
}

type Found = [x: number, length: number];

function firstFrom(sys: Sys, pattern: Regex, line: string, from: number): Found | undefined {
  const match = pattern.search(line, sys.matching).next(from);
  return match && [match.index, match.end - match.index];
}

function lastBefore(sys: Sys, pattern: Regex, line: string, before: number): Found | undefined {
  const search = pattern.search(line, sys.matching);
  let last: Found | undefined;
  for (let match = search.next(0); match && match.index < before;) {
    last = [match.index, match.end - match.index];
    match = search.next(Math.max(match.end, match.index + 1));
  }
  return last;
}

/** The next hit behind a place (or before it), around the end once. `inclusive`: at the place too. */
function next(
  sys: Sys,
  state: NanoState,
  pattern: Regex,
  from: Position,
  options: { backwards: boolean; inclusive: boolean },
): Hit | undefined {
  const { lines } = current(state);
  const count = lines.length;
  const { backwards, inclusive } = options;
  for (let i = 0; i <= count; i++) {
    const wrapped = backwards ? from[0] - i < 0 : from[0] + i >= count;
    const at = (((from[0] + (backwards ? -i : i)) % count) + count) % count;
    const line = lines[at] as string;
    sys.charge(line.length / 20);
    if (backwards) {
      const before = i === 0 ? from[1] : line.length + 1;
      const all = lastBefore(sys, pattern, line, i === count ? line.length + 1 : before);
      if (all && !(i === count && all[0] < from[1])) return hit(at, all, wrapped);
    } else {
      const start =
        i === 0 ? from[1] + (inclusive || line === "" ? 0 : lengthAt(line, from[1])) : 0;
      if (start > line.length) continue;
      if (i === 0 && !inclusive && line === "") continue;
      const first = firstFrom(sys, pattern, line, start);
      if (first && !(i === count && first[0] > from[1]))
        return hit(at, first, wrapped || i === count);
    }
  }
  return undefined;
}

const hit = (line: number, [x, length]: Found, wrapped: boolean): Hit => ({
  at: [line, x],
  length,
  wrapped,
});

/** Goes to the next match of what is looked for. */
export function search(
  sys: Sys,
  state: NanoState,
  text: string,
  backwards = state.options.backwards,
): void {
  const buffer = current(state);
  const pattern = compiled(sys, state, text);
  if (!pattern) return;
  const here = placeOf(buffer);
  const found = next(sys, state, pattern, here, { backwards, inclusive: false });
  if (!found) {
    tell(state, `"${text}" not found`);
    return;
  }
  if (String(found.at) === String(here)) tell(state, "This is the only occurrence");
  else if (found.wrapped) tell(state, "Search Wrapped");
  else wipe(state);
  goTo(buffer, found.at, state.options.tabsize);
}

/** Begins to replace: the first match is asked about. */
export function beginReplacing(sys: Sys, state: NanoState, text: string): void {
  const from = placeOf(current(state));
  state.replacing = { with: text, from, at: from, length: 0, count: 0 };
  ask(sys, state, from, true);
}

function ask(sys: Sys, state: NanoState, from: Position, inclusive: boolean): void {
  const { replacing, sought } = state;
  const pattern = sought === undefined ? undefined : compiled(sys, state, sought);
  if (!replacing || !pattern) {
    delete state.replacing;
    return;
  }
  const found = next(sys, state, pattern, from, { backwards: false, inclusive });
  if (found?.wrapped) replacing.wrapped = true;
  const isOver = !found || (replacing.wrapped && !isBefore(found.at, replacing.from));
  if (isOver) {
    finish(state, !found && replacing.count === 0);
    return;
  }
  replacing.at = found.at;
  replacing.length = found.length;
  goTo(current(state), found.at, state.options.tabsize);
  state.question = { kind: "replace", text: "Replace this instance?" };
}

function finish(state: NanoState, isAbsent: boolean): void {
  const { replacing } = state;
  if (!replacing) return;
  const { count, from } = replacing;
  delete state.replacing;
  delete state.question;
  if (isAbsent) tell(state, `"${state.sought}" not found`);
  else tell(state, `Replaced ${count} occurrence${count === 1 ? "" : "s"}`);
  goTo(current(state), from, state.options.tabsize);
}

function replaceOne(sys: Sys, state: NanoState): Position {
  const buffer = current(state);
  const { replacing, sought = "" } = state;
  if (!replacing) return placeOf(buffer);
  const { at, length } = replacing;
  const line = lineAt(buffer, at[0]);
  let text = replacing.with;
  const pattern = state.options.regexp ? compiled(sys, state, sought) : undefined;
  if (pattern) {
    const match = pattern.search(line, sys.matching).next(at[1]);
    text = text.replace(/\\([1-9])/g, (_, n: string) => match?.group(Number(n)) ?? "");
  }
  const after: Position = [at[0], at[1] + text.length];
  change(state, buffer, "replacement", { from: at, to: [at[0], at[1] + length], text, after });
  replacing.count++;
  if (at[0] === replacing.from[0] && at[1] < replacing.from[1])
    replacing.from = [at[0], Math.max(0, replacing.from[1] + text.length - length)];
  return after;
}

/** The answer to whether one is replaced. */
export function answerReplace(
  sys: Sys,
  state: NanoState,
  answer: "y" | "n" | "a" | "cancel",
): void {
  const { replacing } = state;
  delete state.question;
  if (!replacing) return;
  if (answer === "cancel") return finish(state, false);
  if (answer === "n") return ask(sys, state, replacing.at, false);
  let after = replaceOne(sys, state);
  ask(sys, state, after, true);
  if (answer !== "a") return;
  while (state.replacing) {
    delete state.question;
    after = replaceOne(sys, state);
    ask(sys, state, after, true);
  }
}
