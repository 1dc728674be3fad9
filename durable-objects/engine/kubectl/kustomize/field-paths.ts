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

/** What is made of a part of a path that is not there: the element that it describes, or nothing. */
function made(holder: unknown[], part: string): number | undefined {
  const [field, wanted] = part.split(/=(.*)/s);
  if (part === "-") return holder.push({}) - 1;
  return wanted === undefined ? undefined : holder.push({ [field as string]: wanted }) - 1;
}

/**
 * Changes the fields that a path means; with `create` those that are not there, too. Returns how many there were.
 */
export function put(
  object: unknown,
  path: string,
  create: boolean,
  change: (before: unknown) => unknown,
): number {
  const all = parts(path);
  let places: [Json | unknown[], string | number][] = [];
  let values: unknown[] = [object];
  all.forEach((part, i) => {
    places = values.flatMap((one) => {
      const found = within(one, part).filter(([holder, key]) => get(holder, key) !== undefined);
      if (found.length > 0 || !create) return found;
      if (!Array.isArray(one)) return within(one, part);
      const at = made(one, part);
      return at === undefined ? [] : [[one, at] as [unknown[], number]];
    });
    if (i === all.length - 1) return;
    values = places.map(([holder, key]) => {
      const next = all[i + 1] as string;
      const empty = /^(-|\d+|[^=]+=.*)$/.test(next) ? [] : {};
      return ((holder as Record<string | number, unknown>)[key] ??= empty);
    });
  });
  for (const [holder, key] of places)
    (holder as Record<string | number, unknown>)[key] = change(get(holder, key));
  return places.length;
}
