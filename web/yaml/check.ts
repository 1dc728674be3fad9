import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
} from "yaml";
import type { Path, Schema, TypeOf } from "./schema.ts";

/** What is wrong with a YAML text, before a server sees it. */

export interface Mark {
  from: number;
  to: number;
  message: string;
}

/** A larger text is left to the server. */
export const checkedCharsMax = 256 * 1024;
const marksMax = 50;

/** `typeOf`: of a document's apiVersion and kind, where it is known. */
export function marksIn(
  text: string,
  typeOf: (apiVersion: string, kind: string) => TypeOf | undefined,
): Mark[] {
  if (text.length > checkedCharsMax) return [];
  const marks: Mark[] = [];
  for (const document of documentsOf(text)) {
    for (const { pos, message } of document.errors) {
      marks.push({ from: pos[0], to: Math.max(pos[1], pos[0] + 1), message });
    }
    const root = document.contents;
    if (document.errors.length > 0 || !isMap(root)) continue;
    const type = typeOf(String(root.get("apiVersion")), String(root.get("kind")));
    if (type) checkNode({ type, marks }, root, type.root, "");
  }
  return marks.slice(0, marksMax);
}

const documentsOf = (text: string): Document.Parsed[] => {
  const documents = parseAllDocuments(text, {
    prettyErrors: false,
    lineCounter: new LineCounter(),
  });
  return Array.isArray(documents) ? documents : [];
};

interface Check {
  type: TypeOf;
  marks: Mark[];
}

function checkNode(check: Check, node: unknown, given: Schema, path: string): void {
  const schema = check.type.plain(given);
  if (isScalar(node)) return checkScalar(check, node, schema, path);
  if (isSeq(node)) {
    if (schema.type !== undefined && schema.type !== "array") {
      return mark(
        check,
        node,
        `${path || "this"}: a list stands where ${aTypeOf(check, schema)} belongs`,
      );
    }
    node.items.forEach((item, at) => {
      if (schema.items) checkNode(check, item, schema.items, `${path}[${at}]`);
    });
    return;
  }
  if (isMap(node)) checkMap(check, node, schema, path);
}

function checkMap(check: Check, node: Node, schema: Schema, path: string): void {
  if (!isMap(node)) return;
  if (schema.type !== undefined && schema.type !== "object") {
    return mark(
      check,
      node,
      `${path || "this"}: a map stands where ${aTypeOf(check, schema)} belongs`,
    );
  }
  const { properties, additionalProperties } = schema;
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : String(key);
    const field = path === "" ? name : `${path}.${name}`;
    const known = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known) checkNode(check, value, known, field);
    else if (typeof additionalProperties === "object") {
      checkNode(check, value, additionalProperties, field);
    } else if (
      properties &&
      !schema["x-kubernetes-preserve-unknown-fields"] &&
      !additionalProperties
    ) {
      mark(check, key, `unknown field "${field}"`);
    }
  }
  for (const name of schema.required ?? []) {
    if (!node.has(name))
      mark(check, node, `${path === "" ? name : `${path}.${name}`}: is required`, 1);
  }
}

function checkScalar(check: Check, node: Node, schema: Schema, path: string): void {
  if (!isScalar(node) || node.value === null || schema.type === undefined) return;
  const { value } = node;
  const fits: Record<string, boolean> = {
    string: typeof value === "string" || schema.format === "int-or-string",
    integer: typeof value === "number" && Number.isInteger(value),
    number: typeof value === "number",
    boolean: typeof value === "boolean",
    object: false,
    array: false,
  };
  if (schema["x-kubernetes-int-or-string"] || isQuantity(schema)) return;
  if (fits[schema.type] === false) {
    mark(
      check,
      node,
      `${path}: ${JSON.stringify(value)} stands where ${aTypeOf(check, schema)} belongs`,
    );
  } else if (schema.enum && !schema.enum.includes(value)) {
    mark(
      check,
      node,
      `${path}: ${JSON.stringify(value)} is none of ${schema.enum.filter(Boolean).join(", ")}`,
    );
  }
}

/** A quantity may be written as a number. */
const isQuantity = (schema: Schema): boolean =>
  schema.description?.startsWith("Quantity ") ?? false;

const articles: Record<string, string> = {
  integer: "an integer",
  object: "a map",
  array: "a list",
};
const aTypeOf = (check: Check, schema: Schema): string =>
  articles[schema.type ?? ""] ?? `a ${check.type.typeName(schema)}`;

function mark({ marks }: Check, node: unknown, message: string, chars?: number): void {
  const range = (node as Node | null)?.range;
  if (!range) return;
  marks.push({ from: range[0], to: chars === undefined ? range[1] : range[0] + chars, message });
}

/** Where a field stands that a server names (`spec.containers[0].image`); where it is missing, the nearest that holds it. */
export function rangeOf(text: string, field: string): { from: number; to: number } {
  if (text.length > checkedCharsMax) return { from: 0, to: 0 };
  const document = documentsOf(text)[0];
  const whole = { from: 0, to: text.indexOf("\n") < 0 ? text.length : text.indexOf("\n") };
  for (let path = pathOf(field); path.length > 0; path = path.slice(0, -1)) {
    const above = document?.getIn(path.slice(0, -1), true);
    if (!isMap(above) && !isSeq(above)) continue;
    const last = path.at(-1)!;
    const pair = isMap(above)
      ? above.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
      : undefined;
    const key = pair?.key as Node | undefined;
    const value = (pair ? pair.value : above.get(last as never, true)) as Node | null | undefined;
    const from = key?.range?.[0] ?? value?.range?.[0];
    if (from === undefined) continue;
    const end = isScalar(value) ? value.range?.[1] : key?.range?.[1];
    return { from, to: Math.max(from + 1, end ?? from + 1) };
  }
  return whole;
}

/** `spec.containers[0].image` and `metadata.labels[app.kubernetes.io/name]`, in steps. */
export function pathOf(field: string): Path {
  const path: (string | number)[] = [];
  let at = 0;
  while (at < field.length) {
    if (field[at] === "[") {
      const end = field.indexOf("]", at);
      const inside = field.slice(at + 1, end < 0 ? undefined : end);
      path.push(/^\d+$/.test(inside) ? Number(inside) : inside);
      at = end < 0 ? field.length : end + 1;
    } else if (field[at] === ".") at++;
    else {
      const end = field.slice(at).search(/[.[]/);
      path.push(field.slice(at, end < 0 ? undefined : at + end));
      at = end < 0 ? field.length : at + end;
    }
  }
  return path;
}
