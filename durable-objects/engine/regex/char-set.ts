/** Sets of characters (UTF-16 code units; bytes inside containers): sorted pairs of first and last. */

export type CharSet = readonly number[];

export const codeMax = 0xffff;

export const single = (code: number): CharSet => [code, code];

export const anyChar: CharSet = [0, codeMax];

/** Sorted and joined. */
export function normalized(pairs: readonly number[]): CharSet {
  const ranges: [number, number][] = [];
  for (let i = 0; i < pairs.length; i += 2) ranges.push([pairs[i]!, pairs[i + 1]!]);
  ranges.sort((a, b) => a[0] - b[0]);
  const out: number[] = [];
  for (const [from, to] of ranges) {
    const last = out.length - 1;
    if (last >= 0 && from <= out[last]! + 1) out[last] = Math.max(out[last]!, to);
    else out.push(from, to);
  }
  return out;
}

/** All that is not in it. */
export function complement(set: CharSet): CharSet {
  const out: number[] = [];
  let from = 0;
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! > from) out.push(from, set[i]! - 1);
    from = set[i + 1]! + 1;
  }
  if (from <= codeMax) out.push(from, codeMax);
  return out;
}

export function has(set: CharSet, code: number): boolean {
  for (let i = 0; i < set.length; i += 2) if (code >= set[i]! && code <= set[i + 1]!) return true;
  return false;
}

/** With both cases of each letter. Bytes know those of ASCII alone. */
export function bothCases(set: CharSet): CharSet {
  const out = [...set];
  const shift = (first: number, last: number, by: number): void => {
    for (let i = 0; i < set.length; i += 2) {
      const from = Math.max(set[i]!, first);
      const to = Math.min(set[i + 1]!, last);
      if (from <= to) out.push(from + by, to + by);
    }
  };
  shift(65, 90, 32);
  shift(97, 122, -32);
  return normalized(out);
}

const ranges = (text: string): CharSet => {
  const out: number[] = [];
  for (let i = 0; i < text.length; i += 2) out.push(text.charCodeAt(i), text.charCodeAt(i + 1));
  return normalized(out);
};

export const wordChars = ranges("azAZ09__");
export const digitChars = ranges("09");
export const spaceChars = ranges("  \t\r");

/** POSIX character classes, in the C locale; `word` is the shell's. */
export const characterClasses: Readonly<Record<string, CharSet>> = {
  alpha: ranges("azAZ"),
  digit: digitChars,
  alnum: ranges("azAZ09"),
  upper: ranges("AZ"),
  lower: ranges("az"),
  space: spaceChars,
  blank: ranges("  \t\t"),
  punct: ranges("!/:@[`{~"),
  xdigit: ranges("09afAF"),
  cntrl: ranges("\x00\x1f\x7f\x7f"),
  print: ranges(" ~"),
  graph: ranges("!~"),
  word: wordChars,
};
