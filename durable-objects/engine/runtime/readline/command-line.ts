/** The command that a line is completed in, as bash hands it to completion functions. bash: pcomplete.c, bashline.c */

export interface CommandLine {
  /** The command itself, from its first word on; assignments before it are left out. */
  text: string;
  /** The cursor's place in it. */
  point: number;
  /** Words as completion functions see them: signs that break words are words of their own. */
  words: string[];
  /** Which of them is completed. */
  cword: number;
}

/** Readline's signs that break words; blanks and quotes apart. */
export const wordBreaks = "@><=;|&(:";

const opensCommand = /^(?:then|do|else|elif|if|while|until|!|time|\{)$/;

/** Where the command begins that a place of a line belongs to. */
function commandStart(line: string, point: number): number {
  let start = 0;
  let quote = "";
  for (let at = 0; at < point; at++) {
    const c = line[at]!;
    if (c === "\\" && quote !== "'") at++;
    else if (quote !== "") quote = c === quote ? "" : quote;
    else if (c === "'" || c === '"') quote = c;
    else if (/[;&|(`\n]/.test(c)) start = at + 1;
  }
  for (;;) {
    const word = /^[ \t]*([^ \t]+)[ \t]+/.exec(line.slice(start, point));
    if (!word || !(opensCommand.test(word[1]!) || /^\w+=/.test(word[1]!))) break;
    start += word[0].length;
  }
  while (start < point && /[ \t]/.test(line[start]!)) start++;
  return start;
}

/** The end of the word at a place: a run of signs that break words, or what stands between them. */
function wordEnd(text: string, from: number): number {
  let at = from;
  const isBreak = (c: string | undefined): boolean => c !== undefined && wordBreaks.includes(c);
  if (isBreak(text[at])) {
    while (isBreak(text[at])) at++;
    return at;
  }
  let quote = "";
  for (; at < text.length; at++) {
    const c = text[at]!;
    if (c === "\\" && quote !== "'") at++;
    else if (quote !== "") quote = c === quote ? "" : quote;
    else if (c === "'" || c === '"') quote = c;
    else if (/\s/.test(c) || isBreak(c)) break;
  }
  return Math.min(at, text.length);
}

/** The command around a place of a line, and its words. */
export function commandAt(line: string, point: number): CommandLine {
  const start = commandStart(line, point);
  const ends = /[;&|`\n]/.exec(line.slice(point));
  const text = line.slice(start, ends ? point + ends.index : undefined);
  const place = point - start;
  const words: string[] = [];
  let cword = -1;
  for (let at = 0; ;) {
    while (at < text.length && /\s/.test(text[at]!)) at++;
    if (cword < 0 && place < at) {
      cword = words.length;
      words.push("");
    }
    if (at >= text.length) break;
    const end = wordEnd(text, at);
    if (cword < 0 && place <= end) cword = words.length;
    words.push(text.slice(at, end));
    at = end;
  }
  if (cword < 0) {
    cword = words.length;
    words.push("");
  }
  return { text, point: place, words, cword };
}
