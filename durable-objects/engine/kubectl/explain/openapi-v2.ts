/** `-o plaintext-openapiv2`: fields of a kind from OpenAPI v2. k8s: kubectl/pkg/explain/{model_printer,fields_printer,formatter}.go */
import { goQuote } from "../../machinery/field.ts";
import { Failure } from "../errors.ts";
import { sortedKeys } from "../go/json.ts";
import { isKind, type Gvk, type Schema } from "./schema.ts";

export interface DocumentV2 {
  definitions?: Record<string, Schema>;
}

const width = 80;
const fieldIndent = 3;
const textIndent = 5;

type Definitions = Record<string, Schema>;

const referred = (all: Definitions, { $ref = "" }: Schema): Schema | undefined =>
  all[$ref.replace("#/definitions/", "")];

/** What stands for each element of an array or map. */
const elementOf = (schema: Schema): Schema | undefined =>
  schema.items ??
  (schema.properties || schema.type !== "object"
    ? undefined
    : typeof schema.additionalProperties === "object"
      ? schema.additionalProperties
      : {});

const isArbitrary = (schema: Schema): boolean => !schema.$ref && !schema.type && !schema.properties;

function typeOf(all: Definitions, schema: Schema): string {
  const target = referred(all, schema);
  if (target) return typeOf(all, target);
  const element = elementOf(schema);
  if (element) return `${schema.items ? "[]" : "map[string]"}${typeOf(all, element)}`;
  if (schema.properties) return "Object";
  return schema.type ?? "";
}

/** The schema that a path of fields leads to. */
function followed(all: Definitions, schema: Schema, fields: readonly string[]): Schema {
  const [first, ...rest] = fields;
  if (first === undefined) return schema;
  const inner = referred(all, schema) ?? elementOf(schema);
  if (inner) return followed(all, inner, fields);
  if (!schema.properties) return schema;
  const property = schema.properties[first];
  if (!property) throw new Failure(`field ${goQuote(first)} does not exist`);
  return followed(all, property, rest);
}

/** Failure where there is no such kind, or no such field. */
export function printOpenApiV2(
  { definitions = {} }: DocumentV2,
  gvk: Gvk,
  { fields, recursive }: { fields: readonly string[]; recursive: boolean },
): string {
  const kind = sortedKeys(definitions)
    .map((name) => definitions[name] as Schema)
    .find((one) => one["x-kubernetes-group-version-kind"]?.some((other) => isKind(other, gvk)));
  const apiVersion = gvk.group ? `${gvk.group}/${gvk.version}` : gvk.version;
  if (!kind)
    throw new Failure(
      `couldn't find resource for ${goQuote(`${gvk.group}/${gvk.version}, Kind=${gvk.kind}`)}`,
    );
  const found = followed(definitions, kind, fields);
  const type = typeOf(definitions, found);
  const [descriptions, model] = descriptionsOf(definitions, found);
  const name = fields.at(-1);
  const isObject = model.properties !== undefined;
  const named = isObject
    ? `RESOURCE: ${name} <${type}>\n\n`
    : `FIELD:    ${name ?? ""} <${type}>\n\n`;
  const shows = isObject ? name !== undefined : !isArbitrary(model);
  return (
    `KIND:     ${gvk.kind}\nVERSION:  ${apiVersion}\n\n` +
    (shows ? named : "") +
    `DESCRIPTION:\n${descriptionText(descriptions)}` +
    (isObject
      ? `\nFIELDS:\n${recursive ? deepFields(definitions, model, fieldIndent, new Set()) : flatFields(definitions, model)}`
      : "")
  );
}

/** Descriptions on the way through references, arrays and maps, and what stands at its end. */
function descriptionsOf(all: Definitions, schema: Schema): [string[], Schema] {
  const text = schema.description ?? "";
  const inner = referred(all, schema) ?? elementOf(schema);
  if (!inner) return [[text], schema];
  const [more, end] = descriptionsOf(all, inner);
  return [[text, ...more], end];
}

function descriptionText(descriptions: readonly string[]): string {
  let out = "";
  descriptions.forEach((text, i) => {
    if (text !== "") out += `${i ? "\n" : ""}${wrapped(textIndent, text)}`;
  });
  return out || wrapped(textIndent, "<empty>");
}

function flatFields(all: Definitions, { properties = {}, required = [] }: Schema): string {
  return sortedKeys(properties)
    .map((name) => {
      const property = properties[name] as Schema;
      const needed = required.includes(name) ? " -required-" : "";
      const head = `${" ".repeat(fieldIndent)}${name}\t<${typeOf(all, property)}>${needed}\n`;
      return `${head}${wrapped(textIndent, property.description ?? "")}\n`;
    })
    .join("");
}

/** Fields of fields; a schema that is being shown is not shown within itself. */
function deepFields(all: Definitions, schema: Schema, indent: number, open: Set<string>): string {
  const { $ref, properties } = schema;
  const target = referred(all, schema);
  if (target && $ref) {
    if (open.has($ref)) return "";
    open.add($ref);
    const out = deepFields(all, target, indent, open);
    open.delete($ref);
    return out;
  }
  const element = elementOf(schema);
  if (element) return deepFields(all, element, indent, open);
  return sortedKeys(properties ?? {})
    .map((name) => {
      const property = properties?.[name] as Schema;
      const head = `${" ".repeat(indent)}${name}\t<${typeOf(all, property)}>\n`;
      return head + deepFields(all, property, indent + fieldIndent, open);
    })
    .join("");
}

const bullet = /^(\d+\.?|-|\*)\s/;

/** A text in lines, lists and blocks of code as they are. */
function wrapped(indent: number, text: string): string {
  const max = width - indent;
  const lines: string[] = [];
  let line = "";
  let last = "";
  const flush = (): void => {
    if (line === "") return;
    last = "";
    lines.push(line);
    line = "";
  };
  for (const given of text.split("\n")) {
    const code = given.startsWith("    ");
    const blank = given.trim() === "";
    if (code || (lines.length > 0 && blank)) {
      flush();
      lines.push(code ? given : "");
      continue;
    }
    if (last.endsWith(":") || blank || bullet.test(given.trim())) flush();
    for (const word of given.split(/\s+/).filter(Boolean)) {
      last = word;
      if (line !== "" && line.length + 1 + word.length > max) flush();
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  flush();
  return lines.map((one) => (one === "" ? "\n" : `${" ".repeat(indent)}${one}\n`)).join("");
}
