/** Schemas of an OpenAPI document. */
export interface Schema {
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  enum?: unknown[];
  externalDocs?: { description?: string; url?: string };
  $ref?: string;
  "x-kubernetes-group-version-kind"?: Gvk[];
}

export interface Gvk {
  group: string;
  version: string;
  kind: string;
}

/** OpenAPI v3, as far as it is read. */
export interface Document {
  paths?: Record<string, Record<string, { "x-kubernetes-group-version-kind"?: Gvk }>>;
  components?: { schemas?: Record<string, Schema> };
}

export const isKind = (a: Gvk, b: Gvk): boolean =>
  a.group === b.group && a.version === b.version && a.kind === b.kind;
