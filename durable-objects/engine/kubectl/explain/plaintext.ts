/** `-o plaintext`: fields of a kind from OpenAPI v3. k8s: kubectl/pkg/explain/v2/templates/plaintext.tmpl */
import { Failure } from "../errors.ts";
import { sortedKeys } from "../go/json.ts";
import { goText } from "../go/format.ts";
import { isKind, type Document, type Gvk, type Schema } from "./schema.ts";
import { wordWrap } from "../go/word-wrap.ts";

const enumsShown = 4;

const indented = (amount: number, text: string): string => {
  const pad = " ".repeat(amount);
  return pad + text.replaceAll("\n", `\n${pad}`);
};

const mapOf = (schema: Schema): Schema | undefined =>
  typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;

export interface Asked {
  group: string;
  version: string;
  resource: string;
  fields: readonly string[];
  recursive: boolean;
}

/** Failure, with what was printed before it. */
export class ExplainFailure extends Failure {
  readonly printed: string;
  constructor(message: string, printed: string) {
    super(message);
    this.printed = printed;
  }
}

export class Plaintext {
  readonly #schemas: Record<string, Schema>;
  readonly #document: Document;

  constructor(document: Document) {
    this.#document = document;
    this.#schemas = document.components?.schemas ?? {};
  }

  /** ExplainFailure where there is no such kind, or no such field. */
  print(asked: Asked): string {
    const { group, version, resource, fields } = asked;
    const gvk = this.#kindOf(asked);
    if (!gvk)
      throw new ExplainFailure(
        `error: GVR (${group}/${version}, Resource=${resource}) not found in OpenAPI schema`,
        "",
      );
    const head = `${gvk.group ? `GROUP:      ${gvk.group}\n` : ""}KIND:       ${gvk.kind}\nVERSION:    ${gvk.version}\n\n`;
    for (const name of sortedKeys(this.#schemas)) {
      const schema = this.#schemas[name] as Schema;
      if (!schema["x-kubernetes-group-version-kind"]?.some((one) => isKind(one, gvk))) continue;
      const text = this.#output(schema, fields, asked.recursive, []);
      if (text) return `${head}${text}\n`;
      throw new ExplainFailure(`error: field "${fields.at(-1) ?? ""}" does not exist`, head);
    }
    const found = `map[group:${gvk.group} kind:${gvk.kind} version:${gvk.version}]`;
    throw new ExplainFailure(`error: GVK ${found} not found in OpenAPI schema`, head);
  }

  #kindOf({ group, version, resource }: Asked): Gvk | undefined {
    const root = `${group ? `/apis/${group}` : "/api"}/${version}`;
    let found: Gvk | undefined;
    for (const within of ["", "/namespaces/{namespace}"])
      for (const name of ["", "/{name}"]) {
        const path = this.#document.paths?.[`${root}${within}/${resource}${name}`] ?? {};
        for (const method of ["get", "post", "put", "patch", "delete"]) {
          const gvk = path[method]?.["x-kubernetes-group-version-kind"];
          if (!gvk) continue;
          found = gvk;
          break;
        }
      }
    return found;
  }

  #resolved(schema: Schema): Schema {
    const name = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? "")?.[1];
    return (name === undefined ? undefined : this.#schemas[name]) ?? schema;
  }

  /** Follows the fields; "" where they lead nowhere. */
  #output(
    schema: Schema,
    fields: readonly string[],
    deep: boolean,
    seen: readonly string[],
  ): string {
    const ref = schema.$ref ?? "";
    const resolved = this.#resolved(schema);
    const [first, ...rest] = fields;
    if (first === undefined) return this.#described(resolved, deep);
    if (ref && seen.includes(ref)) return "";
    const next = [...seen, ref];
    const property = resolved.properties?.[first];
    if (property) {
      const head =
        rest.length === 0
          ? `FIELD: ${first} <${this.#typeOf(property)}>\n${enumText(property, true, 0)}\n\n`
          : "";
      const found = this.#output(property, rest, deep, []);
      return head + found;
    }
    const inner = resolved.items ?? mapOf(resolved);
    if (inner) return this.#output(inner, fields, deep, next);
    for (const one of resolved.allOf ?? []) {
      const found = this.#output(one, fields, deep, next);
      if (found) return found;
    }
    return "";
  }

  #described(schema: Schema, deep: boolean): string {
    const description = this.#description(schema) || "<empty>";
    const fields = this.#fields(schema, 1, deep, []);
    const docs = docsText(schema, 0);
    return (
      `DESCRIPTION:\n${indented(4, wordWrap(description, 76))}\n` +
      (docs ? `\n${docs}` : "") +
      (fields ? `FIELDS:\n${fields}` : "")
    );
  }

  #description(given: Schema): string {
    const schema = this.#resolved(given);
    const inner = [...(schema.allOf ?? []), schema.items, mapOf(schema)];
    return (
      (schema.description ? `${schema.description}\n` : "") +
      inner.map((one) => (one ? this.#description(one) : "")).join("")
    );
  }

  #fields(schema: Schema, level: number, deep: boolean, seen: readonly string[]): string {
    const ref = schema.$ref ?? "";
    if (ref && seen.includes(ref)) return "";
    const next = [...seen, ref];
    const resolved = this.#resolved(schema);
    const { properties = {} } = resolved;
    let out = "";
    for (const name of sortedKeys(properties)) {
      const property = properties[name] as Schema;
      out += this.#field(resolved, name, property, level * 2, deep);
      if (deep) out += this.#fields(property, level + 1, deep, next);
    }
    for (const one of [...(resolved.allOf ?? []), resolved.items, mapOf(resolved)])
      if (one) out += this.#fields(one, level, deep, next);
    return out;
  }

  #field(of: Schema, name: string, schema: Schema, indent: number, short: boolean): string {
    const required = of.required?.includes(name) ? " -required-" : "";
    const head = `${" ".repeat(indent)}${name}\t<${this.#typeOf(schema)}>${required}${enumText(schema, false, indent)}\n`;
    if (short) return head;
    const text = wordWrap(schema.description || "<no description>", 78 - indent);
    const docs = docsText(schema, indent + 2);
    return `${head}${indented(indent + 2, text)}\n${docs ? `\n${docs}` : ""}\n`;
  }

  #typeOf(schema: Schema): string {
    const { items, allOf, properties, $ref } = schema;
    if (items) return `[]${this.#typeOf(items)}`;
    const values = mapOf(schema);
    if (values) return `map[string]${this.#typeOf(values)}`;
    if (allOf?.length === 1 && !properties) return this.#typeOf(allOf[0] as Schema);
    if ($ref) {
      const target = this.#resolved(schema);
      if (target === schema || !target.type || target.type === "object")
        return $ref.split("/").at(-1)?.split(".").at(-1) || "Object";
      return target.type;
    }
    return schema.type === "object" ? "Object" : schema.type || "Object";
  }
}

function enumText({ enum: values = [] }: Schema, long: boolean, indent: number): string {
  if (values.length === 0) return "";
  const texts = values.map((one) => (one === "" ? '""' : goText(one)));
  if (long) return `ENUM:${texts.map((one) => `\n    ${one}`).join("")}`;
  const more = texts.length > enumsShown ? ", ...." : "";
  return `\n${" ".repeat(indent)}enum: ${texts.slice(0, enumsShown).join(", ")}${more}`;
}

function docsText({ externalDocs: docs }: Schema, indent: number): string {
  if (!docs) return "";
  const text = docs.description
    ? `${indented(indent + 4, wordWrap(docs.description, 76 - indent))}\n`
    : "";
  const url = docs.url ? `${indented(indent + 4, `URL: ${docs.url}`)}\n` : "";
  return `${" ".repeat(indent)}EXTERNAL DOCS:\n${text}${url}`;
}
