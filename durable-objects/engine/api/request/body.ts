/** Request bodies: media types, decoding, field validation. k8s: apiserver/pkg/endpoints/handlers/create.go, rest.go */
import type { Registry } from "../discovery/registry.ts";
import type { StructRef } from "../../schema/types.ts";
import type { KubeObject } from "../../core/object.ts";
import { requestBodyBytesMax } from "../../core/limits.ts";
import { decodeObject, readTypeMeta } from "../../schema/decode.ts";
import { parseJson, type Parsed } from "../../schema/parse.ts";
import { decodeProtobuf } from "../../schema/protobuf.ts";
import { parseYaml } from "../../schema/yaml.ts";
import type { ApiRequest } from "../../ports/request.ts";
import { decodeUtf8 } from "../../core/utf8.ts";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { RequestInfo } from "./request-info.ts";
import { invalidObject, notSupported, type FieldError } from "../../machinery/field.ts";
import { checkKind } from "./identity.ts";
import * as status from "../../machinery/status.ts";

export const jsonType = "application/json";
export const yamlType = "application/yaml";
export const protobufType = "application/vnd.kubernetes.protobuf";
const accepted = [jsonType, yamlType, protobufType];
/** Of a body that cannot be read, as much is shown. k8s: handlers/rest.go summarizeData */
const summaryBytesMax = 30;

export interface DecodedBody {
  value: Record<string, unknown>;
  /** Duplicate keys found while parsing. */
  duplicates: string[];
  places?: Parsed["places"];
  apiVersion: string;
  kind: string;
  protobuf: boolean;
}

export function mediaType(request: ApiRequest): string {
  const type = (request.headers["content-type"] ?? "").split(";")[0] as string;
  return type.trim().toLowerCase() || jsonType;
}

/** Throws 413 for a body beyond the limit. */
export function checkBodySize(request: ApiRequest): void {
  if ((request.body?.length ?? 0) > requestBodyBytesMax) {
    throw status.tooLarge(`limit is ${requestBodyBytesMax}`);
  }
}

export function bodyText(request: ApiRequest): string {
  return decodeUtf8(request.body ?? new Uint8Array());
}

/** Reads an object's body in any of the accepted media types. */
export function readBody(request: ApiRequest): DecodedBody {
  checkBodySize(request);
  const type = mediaType(request);
  if (type === protobufType) {
    const { apiVersion, kind, value } = decodeProtobuf(request.body ?? new Uint8Array());
    return {
      value: value as Record<string, unknown>,
      duplicates: [],
      apiVersion,
      kind,
      protobuf: true,
    };
  }
  if (type !== jsonType && type !== yamlType) throw status.unsupportedMediaType(accepted);
  const text = bodyText(request);
  const { value, duplicates, places } = parsed(type, text);
  const { apiVersion, kind } = readTypeMeta(value);
  return {
    value: (value ?? {}) as Record<string, unknown>,
    apiVersion,
    kind,
    duplicates,
    ...(places ? { places } : {}),
    protobuf: false,
  };
}

/** As `readBody`, with upstream's words for a body that is no object at all. k8s: handlers/rest.go transformDecodeError */
export function readBodyOf(request: ApiRequest, kind: string): DecodedBody {
  try {
    return readBody(request);
  } catch (error) {
    if (!(error instanceof status.StatusError) || error.code !== 400) throw error;
    const summary = summarized(request.body ?? new Uint8Array());
    throw status.badRequest(
      `the object provided is unrecognized (must be of type ${kind}): ${error.message} (${summary})`,
    );
  }
}

/** k8s: handlers/rest.go summarizeData */
function summarized(data: Uint8Array): string {
  if (data.length === 0) return "<empty>";
  const cut = data.slice(0, summaryBytesMax);
  const text = data[0] === 0x7b ? decodeUtf8(cut) : bytesToHex(cut);
  return data.length > summaryBytesMax ? `${text} ...` : text;
}

/** k8s: apimachinery/pkg/runtime/serializer/json: the text around a parse error */
function parsed(type: string, text: string): Parsed {
  try {
    return type === yamlType ? parseYaml(text) : parseJson(text);
  } catch (error) {
    if (!(error instanceof status.StatusError) || error.code !== 400) throw error;
    if (type === yamlType)
      throw status.badRequest(error.message.replace(/^error converting YAML to JSON: /, ""));
    throw status.badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
  }
}

/** Which options a verb reads from its query. */
export const optionsKind = (verb: string): string =>
  verb === "create" ? "CreateOptions" : verb === "patch" ? "PatchOptions" : "UpdateOptions";

export function fieldValidationErrors(info: RequestInfo): FieldError[] {
  const value = info.query.get("fieldValidation");
  const known = ["", "Ignore", "Strict", "Warn"];
  return known.includes(value) ? [] : [notSupported("fieldValidation", value, known)];
}

export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** `?fieldValidation=` of a write, "Warn" by default. Throws 422 for another word. */
export function fieldValidationOf(info: RequestInfo): FieldValidation {
  const value = info.query.get("fieldValidation");
  if (value === "") return "Warn";
  if (value === "Ignore" || value === "Warn" || value === "Strict") return value;
  throw invalidObject("meta.k8s.io", optionsKind(info.verb), "", fieldValidationErrors(info));
}

/** Decodes strictly by schema; unknown and duplicate fields are refused, warned about or dropped. */
export function decodeAs(
  registry: Registry,
  schema: StructRef,
  wanted: { apiVersion: string; kind: string },
  body: DecodedBody,
  validation: FieldValidation,
  warn: (text: string) => void,
): KubeObject {
  checkKind(registry, schema, wanted, body);
  const { object, problems, error } = decodeObject(schema.struct, body.value, {
    duplicates: body.duplicates,
    places: body.places,
  });
  const { apiVersion, kind } = wanted;
  const version = apiVersion.split("/").at(-1) ?? "";
  const cannot = (why: string): status.StatusError =>
    status.badRequest(
      `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`,
    );
  if (error !== undefined) throw cannot(error);
  const all = body.protobuf ? [] : problems;
  if (all.length && validation === "Strict")
    throw cannot(`strict decoding error: ${all.join(", ")}`);
  if (validation === "Warn") for (const problem of all) warn(problem);
  return { ...(object as unknown as KubeObject), apiVersion, kind };
}
