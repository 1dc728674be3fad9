/** Names of fields as CEL can write them. k8s: apiserver/pkg/cel/escaping.go */

const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

export const isReserved = (name: string): boolean => reserved.has(name);

const escapes: Readonly<Record<string, string>> = {
  __: "underscores",
  ".": "dot",
  "-": "dash",
  "/": "slash",
};
const unescapes = new Map(Object.entries(escapes).map(([text, name]) => [name, text]));

/** `a-b` -> `a__dash__b`; undefined: it cannot be written. */
export function escapeName(name: string): string | undefined {
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  return name.replace(/__|[-./]/g, (found) => `__${escapes[found]}__`);
}

/** The name that was escaped; undefined: there is none. */
export function unescapeName(escaped: string): string | undefined {
  let good = true;
  const name = escaped.replace(/__([^_]+)__/g, (all, inner: string) => {
    const text = unescapes.get(inner);
    if (text !== undefined) return text;
    if (!reserved.has(inner) || all.length !== escaped.length) good = false;
    return inner;
  });
  return good ? name : undefined;
}
