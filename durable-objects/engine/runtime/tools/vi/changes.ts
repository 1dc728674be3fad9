/** Changes of lines as data: doing one, the one that takes it back, and two that are one. */
import type { Change } from "./state.ts";

export const applied = (lines: string[], change: Change): void => {
  if ("lines" in change) {
    if (change.lines.length < 10_000) lines.splice(change.at, change.cut, ...change.lines);
    else {
      const rest = lines.splice(change.at);
      for (const line of change.lines) lines.push(line);
      for (let i = change.cut; i < rest.length; i++) lines.push(rest[i]!);
    }
    return;
  }
  const line = lines[change.at] ?? "";
  lines[change.at] =
    line.slice(0, change.from) + change.text + line.slice(change.from + change.cut);
};

export const sizeOf = (change: Change): number =>
  24 +
  ("lines" in change
    ? change.lines.reduce((sum, line) => sum + line.length + 4, 0)
    : change.text.length);

/** A change, and the one that takes it back. */
export function difference(at: number, old: readonly string[], now: string[]): [Change, Change] {
  if (old.length !== 1 || now.length !== 1)
    return [
      { at, cut: old.length, lines: now },
      { at, cut: now.length, lines: [...old] },
    ];
  const [was, is] = [old[0]!, now[0]!];
  let from = 0;
  while (from < was.length && from < is.length && was[from] === is[from]) from++;
  let end = 0;
  const most = Math.min(was.length, is.length) - from;
  while (end < most && was[was.length - 1 - end] === is[is.length - 1 - end]) end++;
  const [text, gone] = [is.slice(from, is.length - end), was.slice(from, was.length - end)];
  return [
    { at, from, cut: gone.length, text },
    { at, from, cut: text.length, text: gone },
  ];
}

/** Typing on in a line is one change. */
export function joined(last: Change | undefined, next: Change): Change | undefined {
  if (!last || "lines" in last || "lines" in next || last.at !== next.at) return undefined;
  if (next.cut > 0 || next.from !== last.from + last.text.length) return undefined;
  return { ...last, text: last.text + next.text };
}
