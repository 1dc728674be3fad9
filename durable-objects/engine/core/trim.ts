/**
 * Ends of texts, in time linear in them. A pattern such as `/x+$/` is not: it is tried anew at each `x` of every run that
 * does not stand at the end.
 */

/** The text without the run of such characters (UTF-16 units) at its end. */
export function trimEndOf(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** A path without the slashes at its end; the root keeps its own. */
export const trimSlashes = (path: string): string => trimEndOf(path, "/") || "/";

/** The run of such characters at the end of a text. */
export const endOf = (text: string, characters: string): string =>
  text.slice(trimEndOf(text, characters).length);

/** The path up to its last slash, that slash included; empty where there is none. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);

/** The text up to the first of such characters. */
export function upTo(text: string, characters: string): string {
  let end = 0;
  while (end < text.length && !characters.includes(text.charAt(end))) end++;
  return text.slice(0, end);
}
