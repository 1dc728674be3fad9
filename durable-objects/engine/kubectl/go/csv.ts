/** One record of encoding/csv, as flags that take lists are read. */
export function parseCsv(text: string): string[] | { problem: string } {
  const out: string[] = [];
  let at = 0;
  for (;;) {
    if (text.charAt(at) === '"') {
      const field = quoted(text, at);
      if ("problem" in field) return field;
      out.push(field.value);
      at = field.end;
    } else {
      const comma = text.indexOf(",", at);
      const end = comma < 0 ? text.length : comma;
      const value = text.slice(at, end);
      const quote = value.indexOf('"');
      if (quote >= 0)
        return {
          problem: `parse error on line 1, column ${at + quote + 1}: bare " in non-quoted field`,
        };
      out.push(value);
      at = end;
    }
    if (at >= text.length) return out;
    at++;
  }
}

function quoted(text: string, from: number): { value: string; end: number } | { problem: string } {
  let value = "";
  for (let at = from + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0)
      return {
        problem: `record on line 1; parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`,
      };
    value += text.slice(at, quote);
    const next = text.charAt(quote + 1);
    if (next === '"') {
      value += '"';
      at = quote + 2;
    } else if (next === "," || next === "") return { value, end: quote + 1 };
    else
      return {
        problem: `parse error on line 1, column ${quote + 2}: extraneous or missing " in quoted-field`,
      };
  }
}
