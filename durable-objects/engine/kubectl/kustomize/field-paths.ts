/** Paths of fields as kustomizations write them: `spec.template.spec.containers.[name=web].image`, `metadata.annotations.[a.b/c]`. */
type Json = Record<string, unknown>;

function parts(path: string): string[] {
  const out: string[] = [];
  for (let i = 0, part = ""; i <= path.length; i++) {
    const c = path[i];
    if (c === "\\" && path[i + 1] === ".") {
      part += ".";
      i++;
    } else if (c === "[") {
      const end = path.indexOf("]", i);
      out.push(path.slice(i + 1, end < 0 ? path.length : end));
      i = end < 0 ? path.length : end;
      part = "";
    } else if (c === "." || c === undefined) {
      if (part !== "") out.push(part);
      part = "";
    } else part += c;
  }
  return out;
}

/** Places that a part of a path means within a value. */
function within(value: unknown, part: string): [holder: Json | unknown[], key: string | number][] {
  if (Array.isArray(value)) {
    const [field, wanted] = part.split(/=(.*)/s);
    return value.flatMap((item, at): [unknown[], number][] => {
      const meant =
        part === "*" ||
        (wanted === undefined
          ? String(at) === part
          : String((item as Json)[field as string]) === wanted);
      return meant ? [[value, at]] : [];
    });
  }
  if (typeof value !== "object" || value === null) return [];
  return [[value as Json, part]];
}

const get = (holder: Json | unknown[], key: string | number): unknown =>
  (holder as Record<string | number, unknown>)[key];

function places(value: unknown, path: string): [Json | unknown[], string | number][] {
  const [last, ...before] = parts(path).toReversed();
  let values = [value];
  for (const part of before.toReversed())
    values = values.flatMap((one) =>
      within(one, part)
        .map(([holder, key]) => get(holder, key))
        .filter((inner) => inner !== undefined),
    );
  return values.flatMap((one) => within(one, last as string));
}

export function readAt(object: unknown, path: string): unknown {
  const [first] = places(object, path);
  return first && get(...first);
}

export function putAll(object: unknown, path: string, value: unknown): void {
  for (const [holder, key] of places(object, path))
    if (get(holder, key) !== undefined || !Array.isArray(holder))
      (holder as Record<string | number, unknown>)[key] = value;
}
