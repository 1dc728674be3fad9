/** Texts as Go quotes them. k8s: strconv.Unquote, client-go/util/jsonpath/parser.go UnquoteExtend */
const escapes: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

/** What stands between two quotes, its escapes written out; a quote in it is escaped. Undefined: it is not as Go has it. */
export function unescaped(inner: string, quote: string): string | undefined {
  let out = "";
  for (let i = 0; i < inner.length; i++) {
    const c = inner[i] as string;
    if (c === quote) return undefined;
    if (c !== "\\") {
      out += c;
      continue;
    }
    const next = inner[++i] ?? "";
    const width = { x: 2, u: 4, U: 8 }[next];
    if (width !== undefined) {
      const digits = inner.slice(i + 1, i + 1 + width);
      if (digits.length < width || !/^[0-9a-fA-F]+$/.test(digits)) return undefined;
      const code = Number.parseInt(digits, 16);
      if (code > 0x10ffff) return undefined;
      out += String.fromCodePoint(code);
      i += width;
    } else if (/^[0-7]{3}/.test(inner.slice(i))) {
      out += String.fromCharCode(Number.parseInt(inner.slice(i, i + 3), 8));
      i += 2;
    } else {
      const known = next === quote ? quote : escapes[next];
      if (known === undefined) return undefined;
      out += known;
    }
  }
  return out;
}

/** A text in double quotes or backquotes. Undefined: it is not quoted as Go quotes. */
export function unquote(text: string): string | undefined {
  const quote = text[0];
  if (text.length < 2 || quote !== text.at(-1)) return undefined;
  const inner = text.slice(1, -1);
  if (quote === "`") return inner.includes("`") ? undefined : inner.replaceAll("\r", "");
  if (quote !== '"' || inner.includes("\n")) return undefined;
  return unescaped(inner, quote);
}
