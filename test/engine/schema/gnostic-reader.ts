/**
 * Reads an openapi.v2.Document by a table of field numbers of its own, so that a slip in the writer's table shows.
 * k8s: gnostic-models/openapiv2/OpenAPIv2.proto
 */

type Json = Record<string, unknown>;

/** `NUMBER:NAME:TYPE`; `*` after a type: repeated. */
const parameter = "1:required:bool 2:in:string 3:description:string 4:name:string ";
const messages: Record<string, string> = {
  Document:
    "1:swagger:string 2:info:Info 8:paths:Paths 9:definitions:Schemas 12:security:Requirement* 13:securityDefinitions:SecurityDefinitions",
  Info: "1:title:string 2:version:string",
  Paths: "2::NamedPathItem*",
  NamedPathItem: "1:name:string 2:value:PathItem",
  PathItem:
    "2:get:Operation 3:put:Operation 4:post:Operation 5:delete:Operation 6:options:Operation 7:head:Operation 8:patch:Operation 9:parameters:ParametersItem*",
  Operation:
    "1:tags:string* 3:description:string 5:operationId:string 6:produces:string* 7:consumes:string* 8:parameters:ParametersItem* 9:responses:Responses 10:schemes:string* 13:x-:NamedAny*",
  ParametersItem: "1:=:Parameter",
  Parameter: "1:=:BodyParameter 2:=:NonBodyParameter",
  BodyParameter: "1:description:string 2:name:string 3:in:string 4:required:bool 5:schema:Schema",
  NonBodyParameter: "3:=:QueryParameter 4:=:PathParameter",
  QueryParameter: `${parameter}6:type:string 7:format:string 20:uniqueItems:bool`,
  PathParameter: `${parameter}5:type:string 6:format:string 19:uniqueItems:bool`,
  Responses: "1::NamedResponse*",
  NamedResponse: "1:name:string 2:value:ResponseValue",
  ResponseValue: "1:=:Response",
  Response: "1:description:string 2:schema:SchemaItem",
  SchemaItem: "1:=:Schema",
  Schemas: "1::NamedSchema*",
  NamedSchema: "1:name:string 2:value:Schema",
  Schema:
    "1:$ref:string 2:format:string 4:description:string 16:uniqueItems:bool 19:required:string* 20:enum:Any* 21:additionalProperties:AdditionalProperties 22:type:Type 23:items:Items 25:properties:Schemas 31:x-:NamedAny*",
  AdditionalProperties: "1:=:Schema",
  Type: "1:=:string",
  Items: "1:=:Schema",
  NamedAny: "1:name:string 2:value:Any",
  Any: "2:=:yaml",
  Requirement: "1::NamedStrings*",
  NamedStrings: "1:name:string 2:value:Strings",
  Strings: "1:values:string*",
  SecurityDefinitions: "1::NamedSecurity*",
  NamedSecurity: "1:name:string 2:value:Security",
  Security: "2:=:ApiKey",
  ApiKey: "1:type:string 2:name:string 3:in:string 4:description:string",
};

/** The JSON that a message stands for: names and values become an object's, `=` the message itself. */
export function readMessage(type: string, bytes: Uint8Array): Json {
  const fields = new Map(
    messages[type]!.trim()
      .split(" ")
      .map((field) => {
        const [number, name, form] = field.split(":") as [string, string, string];
        return [Number(number), { name, form: form.replace("*", ""), many: form.endsWith("*") }];
      }),
  );
  const out: Json = {};
  let instead: unknown;
  for (const [number, wire, value] of fieldsOf(bytes)) {
    const field = fields.get(number);
    if (!field) throw new Error(`${type} has a field ${number}`);
    const { name, form, many } = field;
    const read = valueOf(form, wire, value);
    if (name === "=") instead = read;
    else if (name === "" || name === "x-") {
      const pair = read as { name: string; value: unknown };
      out[pair.name] = pair.value ?? {};
    } else if (many) ((out[name] ??= []) as unknown[]).push(read);
    else out[name] = read;
  }
  if (type === "Strings") return (out["values"] ?? []) as never;
  return (instead ?? out) as Json;
}

function valueOf(form: string, wire: number, value: number | Uint8Array): unknown {
  if (form === "bool" && wire === 0) return value === 1;
  if (wire !== 2) throw new Error(`wire type ${wire} for ${form}`);
  const text = (): string => new TextDecoder("utf-8", { fatal: true }).decode(value as Uint8Array);
  if (form === "string") return text();
  if (form === "yaml") return JSON.parse(text());
  return readMessage(form, value as Uint8Array);
}

function* fieldsOf(bytes: Uint8Array): Generator<[number, number, number | Uint8Array]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("cut off");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    const size = varint();
    if (wire === 0) yield [tag >>> 3, wire, size];
    else {
      if (at + size > bytes.length) throw new Error("cut off");
      yield [tag >>> 3, wire, bytes.subarray(at, (at += size))];
    }
  }
}
