/** `$'...'`: escapes of C, turned into bytes. */
import { encodeUtf8 } from "../bytes.ts";

const escapes: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  e: "\x1b",
  E: "\x1b",
};

function coded(rest: string): [made: string, taken: number] | undefined {
  const code = /^x([0-9a-fA-F]{1,2})|^([0-7]{1,3})|^u([0-9a-fA-F]{1,4})|^U([0-9a-fA-F]{1,8})/.exec(
    rest,
  );
  if (!code) return undefined;
  const [whole, hex, octal, four, eight] = code;
  if (hex !== undefined) return [String.fromCharCode(parseInt(hex, 16)), whole.length];
  if (octal !== undefined) return [String.fromCharCode(parseInt(octal, 8) & 255), whole.length];
  const point = parseInt(four ?? eight ?? "0", 16);
  return [point > 0x10_ffff ? "" : encodeUtf8(String.fromCodePoint(point)), whole.length];
}

/** The string whose first character stands at `at`, and where its quote ends; undefined: nothing closes it. */
export function ansiString(
  text: string,
  at: number,
  bash: boolean,
): { made: string; end: number } | undefined {
  let out = "";
  let cut = false;
  for (let i = at; ;) {
    const c = text[i++];
    if (c === undefined) return undefined;
    if (c === "'") return { made: out, end: i };
    let made = c;
    if (c === "\\") {
      const rest = text.slice(i, i + 10);
      const code = bash || !/^[uU]/.test(rest) ? coded(rest) : undefined;
      if (code) {
        made = code[0];
        i += code[1];
      } else {
        const next = text[i++] ?? "";
        if (bash && next === "c") made = String.fromCharCode((text.charCodeAt(i++) || 0) & 31);
        else made = escapes[next] ?? (/["'\\?]/.test(next) ? next : `\\${next}`);
      }
    }
    // A NUL ends what bash can hold.
    if (bash && made === "\0") cut = true;
    if (!cut) out += made;
  }
}
