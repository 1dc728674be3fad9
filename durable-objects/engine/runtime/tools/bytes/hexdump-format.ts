/** Formats of hexdump's own (`-e '16/1 "%02x " "\n"'`): units of repetitions, bytes and a text with conversions. */

/** A text as it stands, or bytes shown by a conversion. */
type Part = string | { flags: string; kind: string; bytes: number };

interface Unit {
  times: number;
  parts: Part[];
  bytes: number;
}

const conversion = /%([-+ #0]{0,5}\d{0,3}(?:\.\d{1,3})?)(_[aA][dox]|_[cpu]|[diouxXcs])/g;

const escapes: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
};
const unescaped = (text: string): string =>
  text
    .replace(/\\(.)/gs, (_whole, letter: string) => escapes[letter] ?? letter)
    .replaceAll("%%", "%");

function partsOf(text: string, asked: number | undefined): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const found of text.matchAll(conversion)) {
    if (found.index > from) parts.push(unescaped(text.slice(from, found.index)));
    const [whole, flags = "", kind = ""] = found;
    const shown = /^[dioxXu]$/.test(kind) ? 4 : 1;
    const precision = Number(/\.(\d+)/.exec(flags)?.[1] ?? 1);
    const bytes = /^_[aA]/.test(kind) ? 0 : kind === "s" ? precision : (asked ?? shown);
    parts.push({ flags, kind, bytes });
    from = found.index + whole.length;
  }
  if (from < text.length) parts.push(unescaped(text.slice(from)));
  return parts;
}

const unit = /(\d{1,6})?(?:\/(\d{1,2}))?[ \t]{0,8}"((?:[^"\\]|\\.){0,1000})"/y;

/** Undefined: it is no format. */
function unitsOf(format: string): Unit[] | undefined {
  const units: Unit[] = [];
  for (let at = 0; at < format.length;) {
    if (/\s/.test(format[at] as string)) {
      at++;
      continue;
    }
    unit.lastIndex = at;
    const found = unit.exec(format);
    if (!found) return undefined;
    const [whole, times, bytes, text = ""] = found;
    const parts = partsOf(text, bytes === undefined ? undefined : Number(bytes));
    const sum = parts.reduce((n, part) => n + (typeof part === "string" ? 0 : part.bytes), 0);
    units.push({ times: Number(times ?? 1), parts, bytes: sum });
    at += whole.length;
  }
  return units;
}

const names =
  "nul soh stx etx eot enq ack bel bs ht lf vt ff cr so si dle dc1 dc2 dc3 dc4 nak syn etb can em sub esc fs gs rs us".split(
    " ",
  );
const octal = (code: number): string => code.toString(8).padStart(3, "0");
const isPrinted = (code: number): boolean => code >= 0x20 && code < 0x7f;

function shown(kind: string, data: string, at: number): string {
  const code = data.charCodeAt(0);
  const address = /^_[aA]([dox])$/.exec(kind)?.[1];
  if (address) return at.toString({ d: 10, o: 8, x: 16 }[address]);
  if (kind === "_p") return isPrinted(code) ? data[0]! : ".";
  if (kind === "_u")
    return names[code] ?? (code === 0x7f ? "del" : isPrinted(code) ? data[0]! : code.toString(16));
  if (kind === "_c") {
    const letter = Object.keys(escapes).find((one) => escapes[one] === data[0]);
    return letter ? `\\${letter}` : isPrinted(code) ? data[0]! : octal(code);
  }
  if (kind === "c" || kind === "s") return data;
  let value = 0n;
  for (let i = data.length - 1; i >= 0; i--) value = value * 256n + BigInt(data.charCodeAt(i));
  if (kind === "d" || kind === "i") value = BigInt.asIntN(data.length * 8, value);
  const text = value.toString(kind === "o" ? 8 : /x/i.test(kind) ? 16 : 10);
  return kind === "X" ? text.toUpperCase() : text;
}

function padded(flags: string, kind: string, text: string): string {
  const [, signs = "", wide = "", least] =
    /^([-+ #0]{0,5})(\d{0,3})(?:\.(\d{1,3}))?$/.exec(flags) ?? [];
  const number = /^[dioxXu]$/.test(kind);
  const digits = number && least !== undefined ? text.padStart(Number(least), "0") : text;
  const width = Number(wide || 0);
  if (signs.includes("-")) return digits.padEnd(width);
  return digits.padStart(
    width,
    signs.includes("0") && (number || kind.startsWith("_a")) ? "0" : " ",
  );
}

/** What a format makes of data; undefined: it is none. Blocks that repeat are folded to `*`. */
export function formatted(
  format: string,
  data: string,
  all: boolean,
  from = 0,
): string | undefined {
  const units = unitsOf(format);
  const block = units?.reduce((sum, { times, bytes }) => sum + times * bytes, 0) ?? 0;
  if (!units || block === 0) return undefined;
  let out = "";
  let last: string | undefined;
  let starred = false;
  for (let at = 0; at < data.length; at += block) {
    const part = data.slice(at, at + block);
    if (!all && part === last && part.length === block) {
      if (!starred) out += "*\n";
      starred = true;
      continue;
    }
    starred = false;
    last = part;
    out += blockText(units, part, from + at);
  }
  return out;
}

function blockText(units: readonly Unit[], data: string, from: number): string {
  let out = "";
  let at = 0;
  for (const { times, parts } of units)
    for (let time = 1; time <= times; time++)
      for (const [index, part] of parts.entries()) {
        if (typeof part === "string") {
          // The last of several repetitions ends without its blanks.
          const lastOne = times > 1 && time === times && index === parts.length - 1;
          out += lastOne ? part.trimEnd() : part;
          continue;
        }
        const bytes = data.slice(at, at + part.bytes);
        const some = part.bytes === 0 || bytes !== "";
        out += padded(
          part.flags,
          some ? part.kind : "c",
          some ? shown(part.kind, bytes, from + at) : "",
        );
        at += part.bytes;
      }
  return out;
}
