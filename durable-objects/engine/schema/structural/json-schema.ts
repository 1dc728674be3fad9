/** The schema of a custom resource's version, as its definition holds it. k8s: apiextensions/v1 JSONSchemaProps */

export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export interface JsonSchema {
  id?: string;
  $schema?: string;
  $ref?: string;
  description?: string;
  type?: string;
  format?: string;
  title?: string;
  default?: unknown;
  maximum?: number;
  exclusiveMaximum?: boolean;
  minimum?: number;
  exclusiveMinimum?: boolean;
  maxLength?: number;
  minLength?: number;
  pattern?: string;
  maxItems?: number;
  minItems?: number;
  uniqueItems?: boolean;
  multipleOf?: number;
  enum?: unknown[];
  maxProperties?: number;
  minProperties?: number;
  required?: string[];
  items?: JsonSchema | JsonSchema[];
  allOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  not?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  patternProperties?: Record<string, JsonSchema>;
  dependencies?: Record<string, JsonSchema | string[]>;
  additionalItems?: JsonSchema | boolean;
  definitions?: Record<string, JsonSchema>;
  externalDocs?: { description?: string; url?: string };
  example?: unknown;
  nullable?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-embedded-resource"?: boolean;
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-map-type"?: string;
  "x-kubernetes-validations"?: ValidationRule[];
}

/** The one schema of a list's items; undefined where there is none or a list of them. */
export const itemsOf = ({ items }: JsonSchema): JsonSchema | undefined =>
  Array.isArray(items) ? undefined : items;

/** The schema of values below keys that are not declared; undefined where there is none, or only true or false. */
export const additionalOf = ({ additionalProperties: more }: JsonSchema): JsonSchema | undefined =>
  typeof more === "object" ? more : undefined;

/** A declared property; `__proto__` and the like are none. */
export const propertyOf = ({ properties }: JsonSchema, key: string): JsonSchema | undefined =>
  properties && Object.hasOwn(properties, key) ? properties[key] : undefined;

/** Names in order: Go's maps have none, and one order is one answer. */
export const namesIn = (table: object | undefined): string[] => Object.keys(table ?? {}).sort();

/** Each schema within one, itself first. */
export function* schemasIn(schema: JsonSchema | undefined): Iterable<JsonSchema> {
  if (!schema) return;
  yield schema;
  const { items, allOf = [], anyOf = [], oneOf = [], not, additionalItems } = schema;
  for (const one of Array.isArray(items) ? items : items ? [items] : []) yield* schemasIn(one);
  for (const one of [...allOf, ...anyOf, ...oneOf]) yield* schemasIn(one);
  yield* schemasIn(not);
  const { properties, patternProperties, definitions, dependencies = {} } = schema;
  for (const table of [properties, patternProperties, definitions])
    for (const name of namesIn(table)) yield* schemasIn(table?.[name]);
  yield* schemasIn(additionalOf(schema));
  if (typeof additionalItems === "object") yield* schemasIn(additionalItems);
  for (const name of namesIn(dependencies)) {
    const one = dependencies[name];
    if (!Array.isArray(one)) yield* schemasIn(one);
  }
}
