/** The difference of two texts, line by line, as `diff -u` prints it. */

export interface DiffLine {
  sign: " " | "-" | "+" | "@";
  text: string;
}

const contextLines = 3;
/** Above it, in lines of the one times lines of the other, the changed middle is shown as replaced whole. */
const cellsMax = 4_000_000;

/** Hunks with three lines around each; empty: they are the same. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [a, b] = [before, after].map((text) => (text === "" ? [] : text.split("\n")));
  return hunksOf(edits(a!, b!));
}

function edits(a: string[], b: string[]): DiffLine[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  const shortest = Math.min(a.length, b.length) - start;
  while (end < shortest && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (text: string): DiffLine => ({ sign: " ", text });
  const middle = changed(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...a.slice(0, start).map(same), ...middle, ...a.slice(a.length - end).map(same)];
}

/** By the longest common subsequence. */
function changed(a: string[], b: string[]): DiffLine[] {
  const minus = a.map((text): DiffLine => ({ sign: "-", text }));
  const plus = b.map((text): DiffLine => ({ sign: "+", text }));
  if (a.length === 0 || b.length === 0 || a.length * b.length > cellsMax)
    return [...minus, ...plus];
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] =
        a[i] === b[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ sign: " ", text: a[i]! });
      i++;
      j++;
    } else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!)
      lines.push(minus[i++]!);
    else lines.push(plus[j++]!);
  }
  return [...lines, ...minus.slice(i), ...plus.slice(j)];
}

function hunksOf(lines: DiffLine[]): DiffLine[] {
  const shown: DiffLine[] = [];
  let [old, young, until] = [1, 1, -2];
  for (const [at, line] of lines.entries()) {
    const near = lines
      .slice(Math.max(0, at - contextLines), at + contextLines + 1)
      .some(({ sign }) => sign !== " ");
    if (near) {
      if (until !== at - 1) shown.push({ sign: "@", text: `-${old} +${young}` });
      shown.push(line);
      until = at;
    }
    if (line.sign !== "+") old++;
    if (line.sign !== "-") young++;
  }
  return shown;
}
