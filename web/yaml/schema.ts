/** Types of objects, as a cluster's OpenAPI v3 documents tell them. */

export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
}

export interface SchemaDocument {
  components?: { schemas?: Record<string, Schema> };
}

/** Keys of maps, places in lists. */
export type Path = readonly (string | number)[];

export interface Field {
  name: string;
  /** `string`, `integer`, `object`, `[]object`. */
  type: string;
  required: boolean;
  description: string;
}

/** A kind's type within a document; undefined: the document has none. */
export class TypeOf {
  readonly #document: SchemaDocument;
  readonly root: Schema;

  constructor(document: SchemaDocument, root: Schema) {
    this.#document = document;
    this.root = root;
  }

  static find(document: SchemaDocument, apiVersion: string, kind: string): TypeOf | undefined {
    const slash = apiVersion.indexOf("/");
    const group = slash < 0 ? "" : apiVersion.slice(0, slash);
    const version = apiVersion.slice(slash + 1);
    const root = Object.values(document.components?.schemas ?? {}).find((schema) =>
      schema["x-kubernetes-group-version-kind"]?.some(
        (one) => one.group === group && one.version === version && one.kind === kind,
      ),
    );
    return root && new TypeOf(document, root);
  }

  /** Without references, which OpenAPI v3 wraps in `allOf` where a field has a description of its own. */
  plain(schema: Schema): Schema {
    const named = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]!.$ref : undefined);
    if (named === undefined) return schema;
    const found = this.#document.components?.schemas?.[named.split("/").at(-1)!];
    if (!found) return {};
    const { $ref: _, allOf: __, ...own } = schema;
    return { ...this.plain(found), ...own };
  }

  /** Of what stands at a path; undefined: no such field, or nobody says what it is. */
  at(path: Path): Schema | undefined {
    let schema: Schema | undefined = this.plain(this.root);
    for (const step of path) {
      const below: Schema | undefined = schema && partOf(schema, step);
      if (!below) return undefined;
      schema = this.plain(below);
    }
    return schema;
  }

  fieldsAt(path: Path): Field[] {
    const schema = this.at(path);
    const required = new Set(schema?.required);
    return Object.entries(schema?.properties ?? {}).map(([name, field]) => ({
      name,
      type: this.typeName(field),
      required: required.has(name),
      description: this.plain(field).description ?? "",
    }));
  }

  /** Values that a field may have, where they are few. */
  valuesAt(path: Path): string[] {
    const schema = this.at(path);
    if (schema?.type === "boolean") return ["true", "false"];
    return (schema?.enum ?? []).map(String).filter((value) => value !== "");
  }

  typeName(field: Schema): string {
    const schema = this.plain(field);
    if (schema.type === "array") return `[]${schema.items ? this.typeName(schema.items) : ""}`;
    if (schema["x-kubernetes-int-or-string"] || schema.format === "int-or-string") {
      return "integer or string";
    }
    return schema.type ?? (schema.properties ? "object" : "");
  }
}

function partOf(schema: Schema, step: string | number): Schema | undefined {
  if (typeof step === "number") return schema.items;
  const { properties, additionalProperties } = schema;
  if (properties && Object.hasOwn(properties, step)) return properties[step];
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}
