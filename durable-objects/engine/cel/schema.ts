/** The parts of a structural OpenAPI schema that expressions look at. k8s: apiserver/pkg/cel/common/schemas.go */

export interface Rule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export interface Schema {
  type?: string;
  format?: string;
  nullable?: boolean;
  default?: unknown;
  enum?: readonly unknown[];
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
  required?: readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  /** True or a schema: fields of any name. */
  additionalProperties?: Schema | boolean;
  items?: Schema | readonly Schema[];
  allOf?: readonly Schema[];
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-embedded-resource"?: boolean;
  "x-kubernetes-map-type"?: string;
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-list-map-keys"?: readonly string[];
  "x-kubernetes-validations"?: readonly Rule[];
}

const text: Schema = { type: "string" };

/** With the fields that every object has. k8s: WithTypeAndObjectMeta */
export function hasObjectMeta(schema: Schema): Schema {
  const metadata: Schema = { type: "object", properties: { name: text, generateName: text } };
  return {
    ...schema,
    properties: { ...schema.properties, kind: text, apiVersion: text, metadata },
  };
}

/** The one schema of a list's elements. */
export const itemsOf = ({ items }: Schema): Schema | undefined =>
  Array.isArray(items) ? undefined : (items as Schema | undefined);

/** The schema of fields of any name. */
export const additionalOf = ({ additionalProperties: more }: Schema): Schema | undefined =>
  typeof more === "object" ? more : undefined;
