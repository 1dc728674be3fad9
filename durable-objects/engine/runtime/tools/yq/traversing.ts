/** From a node to what is below it. yq: pkg/yqlib/operator_traverse_path.go */
import {
  at,
  collection,
  isNull,
  nothing,
  numberOf,
  scalar,
  wrong,
  YqNode,
  type Work,
} from "./node.ts";

/** A name with * and ? in it. Linear, since a star that fails is only tried again for the last one. */
export function globbed(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (
      p < pattern.length &&
      (pattern[p] === "?" || (pattern[p] === text[t] && pattern[p] !== "*"))
    ) {
      p++;
      t++;
    } else if (pattern[p] === "*") {
      star = p++;
      mark = t;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** What does not exist yet; it will where something is written to it. */
function missing(parent: YqNode, key: YqNode): YqNode {
  const out = nothing();
  out.pending = true;
  out.parent = parent;
  out.key = key;
  out.origin = parent.origin;
  return out;
}

/** `.name`. */
export function named(from: YqNode, name: string, optional: boolean, work: Work): YqNode[] {
  const node = from.real;
  work.spend(1 + (node.content.length >> 3));
  if (node.kind === "scalar") return isNull(node) ? [missing(node, scalar(name))] : [];
  if (node.kind === "seq") {
    const number = /^-?\d+$/.test(name) ? Number(name) : undefined;
    if (number !== undefined) return indexed(node, scalar(number, "!!int"), optional, work);
    if (name === "*") return node.content;
    if (optional) return [];
    return wrong(
      `cannot index array with '${name}' (strconv.ParseInt: parsing ${JSON.stringify(name)}: invalid syntax)`,
    );
  }
  if (/[*?]/.test(name)) {
    const found = node.entries
      .filter(([key]) => globbed(name, key.value))
      .map(([, value]) => value);
    work.spend(node.content.length);
    if (found.length > 0 || name.includes("*")) return found;
  }
  return [node.get(name) ?? merged(node, name, work) ?? missing(node, scalar(name))];
}

/** An entry that a merge key brings. */
function merged(node: YqNode, name: string, work: Work): YqNode | undefined {
  for (const [key, value] of node.entries) {
    if (key.tag !== "!!merge") continue;
    work.spend(1);
    const maps = value.real.kind === "seq" ? value.real.content : [value];
    for (const map of maps.toReversed()) {
      const found =
        map.real.kind === "map" ? (map.real.get(name) ?? merged(map.real, name, work)) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

/** `[0]`, `["a"]`. */
export function indexed(from: YqNode, key: YqNode, optional: boolean, work: Work): YqNode[] {
  const node = from.real;
  work.spend(1);
  if (node.kind === "map") return named(node, key.value, optional, work);
  if (node.kind === "scalar")
    return isNull(node) ? [missing(node, scalar(key.value, key.tag))] : [];
  const number = numberOf(key) ?? (/^-?\d+$/.test(key.value) ? Number(key.value) : undefined);
  if (number === undefined) return named(node, key.value, optional, work);
  const index = number < 0 ? node.content.length + number : number;
  if (index < 0)
    return wrong(`index [${number}] out of range, array size is ${node.content.length}`);
  return [node.content[index] ?? missing(node, scalar(index, "!!int"))];
}

/** `[]`. */
export function childrenOf(from: YqNode, _optional: boolean, work: Work): YqNode[] {
  const node = from.real;
  work.spend(1 + node.content.length);
  return node.kind === "seq" ? node.content : node.entries.map(([, value]) => value);
}

/** `..`, and with keys `...`. */
export function descendants(node: YqNode, keys: boolean, work: Work): YqNode[] {
  const out: YqNode[] = [];
  const walk = (one: YqNode): void => {
    work.spend(1);
    out.push(one);
    if (one.kind === "map")
      for (const [key, value] of one.entries) {
        if (keys) out.push(key);
        walk(value);
      }
    else one.content.forEach(walk);
  };
  walk(node);
  return out;
}

/** `[1:3]`. */
export function sliced(
  from: YqNode,
  low: YqNode[] | undefined,
  high: YqNode[] | undefined,
  work: Work,
): YqNode {
  const node = from.real;
  const length = node.kind === "scalar" ? [...node.value].length : node.content.length;
  const bound = (found: YqNode[] | undefined, otherwise: number): number => {
    if (!found) return otherwise;
    if (found.length !== 1) return wrong(`expected to find 1 number, got ${found.length} instead`);
    const number = numberOf(found[0]!) ?? 0;
    return Math.max(0, Math.min(length, number < 0 ? length + number : number));
  };
  const [start, end] = [bound(low, 0), bound(high, length)];
  work.spend(length);
  if (node.kind === "scalar")
    return at(scalar([...node.value].slice(start, end).join(""), node.tag), node);
  const out = collection("seq");
  for (const item of node.content.slice(start, end)) out.add(Object.assign(new YqNode(), item));
  out.style = node.style;
  return at(out, node);
}
