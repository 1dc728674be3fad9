/** `.spec.items['a']` of a rule as a path of errors. k8s: apiextensions-apiserver pkg/apiserver/schema/cel ValidFieldPath */
import { additionalOf, type Schema } from "../schema.ts";

const step = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y;
const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\",
};

function unquoted(text: string): string | undefined {
  let good = true;
  const made = text.replace(/\\(.)/g, (_all, letter: string) => {
    if (!Object.hasOwn(escapes, letter)) good = false;
    return escapes[letter] ?? "";
  });
  return good ? made : undefined;
}

/** The path, without a leading dot; undefined: it leads nowhere. */
export function fieldPathOf(text: string, schema: Schema): string | undefined {
  let at: Schema = schema;
  let path = "";
  step.lastIndex = 0;
  while (step.lastIndex < text.length) {
    const found = step.exec(text);
    const name = found?.[1] ?? unquoted(found?.[2] ?? "");
    if (!found || name === undefined) return undefined;
    if (at.properties) {
      if (!Object.hasOwn(at.properties, name)) return undefined;
      at = at.properties[name]!;
      path += path ? `.${name}` : name;
    } else {
      const more = additionalOf(at);
      if (!more) return undefined;
      at = more;
      path += `[${name}]`;
    }
  }
  return path;
}
