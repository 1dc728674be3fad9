/**
 * The Swagger document as protobuf, which kubectl asks for where a kind is in no document of version 3.
 * k8s: gnostic-models/openapiv2/OpenAPIv2.proto; kube-openapi/pkg/handler/handler.go ToProtoBinary
 */
import { Writer } from "./protobuf-wire.ts";
import type { Json } from "./openapi-schemas.ts";

/** Writes a JSON value as field `number`. The writer goes from back to front, so whatever has an order is walked backwards. */
type Field = (writer: Writer, number: number, value: never) => void;
/** JSON name -> number and form; what begins with `x-` goes into the field `x-`. */
type Message = Record<string, [number: number, field: Field]>;

const text: Field = (writer, number, value: string) => writer.stringField(number, value);
const flag: Field = (writer, number, value: boolean) => writer.varintField(number, value ? 1 : 0);

/** Any: its YAML, which JSON is too. */
const anything: Field = (writer, number, value: unknown) =>
  writer.messageField(number, () => writer.stringField(2, `${JSON.stringify(value)}\n`));

const each =
  (field: Field): Field =>
  (writer, number, values: never[]) => {
    for (const value of values.toReversed()) field(writer, number, value);
  };

/** One or more values, as the field `inner` of a message of their own. */
const within =
  (inner: number, field: Field): Field =>
  (writer, number, value) =>
    writer.messageField(number, () => field(writer, inner, value));

/** The entries of an object as name and value. */
const entries =
  (field: Field): Field =>
  (writer, number, value: Json) => {
    for (const [name, item] of Object.entries(value).reverse()) {
      writer.messageField(number, () => {
        field(writer, 2, item as never);
        writer.stringField(1, name);
      });
    }
  };

const message =
  (fields: () => Message): Field =>
  (writer, number, value: Json) =>
    writer.messageField(number, () => writeMessage(writer, fields(), value));

function writeMessage(writer: Writer, fields: Message, value: Json): void {
  for (const [name, item] of Object.entries(value).reverse()) {
    const known = fields[name] ?? (name.startsWith("x-") ? fields["x-"] : undefined);
    // A field without a number would be lost without a word.
    if (!known) throw new Error(`OpenAPI: no protobuf field for ${name}`);
    const [number, field] = known;
    field(writer, number, (fields[name] ? item : { [name]: item }) as never);
  }
}

const extensions = (number: number): Message => ({ "x-": [number, entries(anything)] });

const count: Field = (writer, number, value: number) => writer.varintField(number, value);
const double: Field = (writer, number, value: number) => writer.float64Field(number, value);

/** Below keys that are not declared: a schema, or whether there may be any. */
const schemaOrFlag: Field = (writer, number, value: unknown) =>
  typeof value === "boolean"
    ? within(2, flag)(writer, number, value as never)
    : within(1, schema)(writer, number, value as never);

const schema = message(() => schemaFields);
const schemaFields: Message = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, anything],
  multipleOf: [6, double],
  maximum: [7, double],
  exclusiveMaximum: [8, flag],
  minimum: [9, double],
  exclusiveMinimum: [10, flag],
  maxLength: [11, count],
  minLength: [12, count],
  pattern: [13, text],
  maxItems: [14, count],
  minItems: [15, count],
  uniqueItems: [16, flag],
  maxProperties: [17, count],
  minProperties: [18, count],
  required: [19, each(text)],
  enum: [20, each(anything)],
  additionalProperties: [21, schemaOrFlag],
  type: [22, within(1, text)],
  items: [23, within(1, schema)],
  properties: [25, within(1, entries(schema))],
  externalDocs: [29, message(() => ({ description: [1, text], url: [2, text] }))],
  example: [30, anything],
  ...extensions(31),
};

const bodyParameter = message(() => ({
  description: [1, text],
  name: [2, text],
  in: [3, text],
  required: [4, flag],
  schema: [5, schema],
  ...extensions(6),
}));

/** Parameters in the query and in the path have their numbers in the same order; the query's have one field more. */
const plainParameter = (more: number): Field =>
  message(() => ({
    required: [1, flag],
    in: [2, text],
    description: [3, text],
    name: [4, text],
    type: [5 + more, text],
    format: [6 + more, text],
    uniqueItems: [19 + more, flag],
    ...extensions(22 + more),
  }));
const queryParameter = within(2, within(3, plainParameter(1)));
const pathParameter = within(2, within(4, plainParameter(0)));

const parameter: Field = (writer, number, value: { in: string }) => {
  const place: Record<string, Field> = {
    body: within(1, bodyParameter),
    query: queryParameter,
    path: pathParameter,
  };
  const field = place[value.in];
  if (!field) throw new Error(`OpenAPI: no protobuf form for a parameter in ${value.in}`);
  within(1, field)(writer, number, value as never);
};

const response = message(() => ({
  description: [1, text],
  schema: [2, within(1, schema)],
  ...extensions(5),
}));

const operation = message(() => ({
  tags: [1, each(text)],
  summary: [2, text],
  description: [3, text],
  operationId: [5, text],
  produces: [6, each(text)],
  consumes: [7, each(text)],
  parameters: [8, each(parameter)],
  responses: [9, within(1, entries(within(1, response)))],
  schemes: [10, each(text)],
  deprecated: [11, flag],
  ...extensions(13),
}));

const pathItem = message(() => ({
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  options: [6, operation],
  head: [7, operation],
  patch: [8, operation],
  parameters: [9, each(parameter)],
  ...extensions(10),
}));

const apiKeySecurity = message(() => ({
  type: [1, text],
  name: [2, text],
  in: [3, text],
  description: [4, text],
  ...extensions(5),
}));

const documentFields: Message = {
  swagger: [1, text],
  info: [2, message(() => ({ title: [1, text], version: [2, text], description: [3, text] }))],
  paths: [8, within(2, entries(pathItem))],
  definitions: [9, within(1, entries(schema))],
  security: [12, each(within(1, entries(message(() => ({ value: [1, each(text)] })))))],
  securityDefinitions: [13, within(1, entries(within(2, apiKeySecurity)))],
  ...extensions(16),
};

/** The bytes of openapi.v2.Document for a Swagger document as `swaggerDocument` makes it. */
export function swaggerProtobuf(document: Json): Uint8Array {
  const writer = new Writer();
  const security = (document["security"] as Record<string, string[]>[]).map((one) =>
    Object.fromEntries(Object.entries(one).map(([name, scopes]) => [name, { value: scopes }])),
  );
  writeMessage(writer, documentFields, { ...document, security });
  return writer.finish();
}
