import { plainSearchCharactersMax } from "../core/limits.ts";

/** For each beginning of a text, how long the longest shorter beginning is that it also ends with. */
function overlaps(text: string): Int32Array {
  const out = new Int32Array(text.length);
  for (let i = 1, k = 0; i < text.length; i++) {
    while (k > 0 && text[i] !== text[k]) k = out[k - 1]!;
    if (text[i] === text[k]) k++;
    out[i] = k;
  }
  return out;
}

/** As `text.indexOf(part, from)`. */
export function placeOf(text: string, part: string, from: number): number {
  if (part.length <= plainSearchCharactersMax) return text.indexOf(part, from);
  if (text.length - from < part.length) return -1;
  const table = overlaps(part);
  for (let i = from, k = 0; i < text.length; i++) {
    while (k > 0 && text[i] !== part[k]) k = table[k - 1]!;
    if (text[i] === part[k]) k++;
    if (k === part.length) return i - k + 1;
  }
  return -1;
}
