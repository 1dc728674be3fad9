/** Where a field stands in an object's YAML, as the server prints it: blocks, two spaces deep. */

export interface Lines {
  /** Of the first line, from 0. */
  from: number;
  /** Of the line behind the last one. */
  to: number;
}

const depthOf = (line: string): number => line.length - line.trimStart().length;

/** `spec.containers[0].image` in steps: keys, and places in lists. */
const stepsOf = (field: string): (string | number)[] =>
  [...field.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, place, key]) =>
    place === undefined ? key! : Number(place),
  );

/** As far as the path leads in the text; undefined: nowhere. */
export function linesOfField(text: string, field: string): Lines | undefined {
  const lines = text.split("\n");
  let found: Lines | undefined;
  let within: Lines = { from: 0, to: lines.length };
  let depth = 0;
  for (const step of stepsOf(field)) {
    const from =
      typeof step === "number"
        ? placesIn(lines, within, depth)[step]
        : keyIn(lines, within, depth, step);
    if (from === undefined) break;
    const to = endOf(lines, within, from, depth, typeof step === "number");
    found = { from, to };
    if (typeof step === "number") {
      // The first key of an item stands behind its dash.
      lines[from] = lines[from]!.replace("- ", "  ");
      within = found;
      depth += 2;
    } else {
      within = { from: from + 1, to };
      depth = from + 1 < to ? depthOf(lines[from + 1]!) : depth;
    }
  }
  return found;
}

function keyIn(lines: string[], { from, to }: Lines, depth: number, key: string) {
  const starts = [`${key}:`, `"${key}":`, `'${key}':`].map((start) => " ".repeat(depth) + start);
  for (let at = from; at < to; at++)
    if (starts.some((start) => lines[at]!.startsWith(start))) return at;
  return undefined;
}

function placesIn(lines: string[], { from, to }: Lines, depth: number): number[] {
  const dash = `${" ".repeat(depth)}-`;
  const found: number[] = [];
  for (let at = from; at < to; at++) if (lines[at]!.startsWith(dash)) found.push(at);
  return found;
}

/** The first line that is no part of what begins at `from`; a list may stand as deep as its key. */
function endOf(lines: string[], { to }: Lines, from: number, depth: number, isItem: boolean) {
  let at = from + 1;
  while (at < to) {
    const line = lines[at]!;
    const deep = depthOf(line);
    const listed = !isItem && deep === depth && line.startsWith("-", depth);
    if (line.trim() !== "" && deep <= depth && !listed) break;
    at++;
  }
  while (at > from + 1 && lines[at - 1]!.trim() === "") at--;
  return at;
}
