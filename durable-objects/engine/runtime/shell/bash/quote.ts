/** The ways in which bash writes a text so that it could be read again. bash: lib/sh/shquote.c, strtrans.c */

// eslint-disable-next-line no-control-regex
const unprintable = /[\x00-\x1f\x7f-\xff]/;
const special = /[ \t\n'"\\|&;()<>!{}*[?\]^$`]/;

const signs: Record<string, string> = {
  "\x1b": "\\E",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  "'": "\\'",
};

/** `$'...'`. */
export function ansiQuoted(text: string): string {
  let out = "";
  for (const c of text)
    out +=
      signs[c] ?? (unprintable.test(c) ? `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}` : c);
  return `$'${out}'`;
}

/** `'...'`. */
export const singleQuoted = (text: string): string =>
  text === "'" ? "\\'" : `'${text.replaceAll("'", "'\\''")}'`;

/** Always in quotes: `${x@Q}`. */
export const reusable = (text: string): string =>
  unprintable.test(text) ? ansiQuoted(text) : singleQuoted(text);

/** `"..."`, as `declare -p` writes values. */
export const doubleQuoted = (text: string): string =>
  unprintable.test(text) ? ansiQuoted(text) : `"${text.replace(/["$`\\]/g, "\\$&")}"`;

/** Whether a word means something else than itself. */
const isSpecial = (text: string): boolean => special.test(text) || /^[~#]|[=:]~/.test(text);

/** In quotes only where it must be: what `set` and `set -x` write. */
export function quotedIfNeeded(text: string): string {
  if (unprintable.test(text)) return ansiQuoted(text);
  return isSpecial(text) ? singleQuoted(text) : text;
}

/** `printf %q`. */
export function backslashed(text: string): string {
  if (text === "") return "''";
  if (unprintable.test(text)) return ansiQuoted(text);
  return text.replace(/[ \t\n'"\\|&;()<>!{}*[?\]^$`,]|^[~#]|(?<=[=:])~/g, "\\$&");
}

/** A value as `set` writes it. */
export const settingWord = quotedIfNeeded;
