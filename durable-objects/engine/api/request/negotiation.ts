/** Which form of an answer the client wants. k8s: apiserver/pkg/endpoints/handlers/negotiation */
import { lookup } from "../../core/lookup.ts";
import { goQuote } from "../../machinery/field.ts";
import type { RequestInfo } from "./request-info.ts";
import { badRequest, notAcceptable } from "../../machinery/status.ts";
import type { Resource } from "../discovery/resource.ts";
import type { IncludeObject } from "../read/table.ts";

export type Form = "object" | "table" | "partial" | "partial-list";

const protobufType = "application/vnd.kubernetes.protobuf";
const served = new Set(["application/json", "*/*", "application/yaml", protobufType]);

const accepted = ["application/json", "application/yaml", protobufType];

const forms: Readonly<Record<string, Form>> = lookup({
  Table: "table",
  PartialObjectMetadata: "partial",
  PartialObjectMetadataList: "partial-list",
});

export interface Wanted {
  form: Form;
  yaml: boolean;
  /** Of Tables and partial objects: `meta.k8s.io/v1`. */
  group: string;
  protobuf: boolean;
}

/**
 * First clause of Accept that can be served; a stream is never YAML. Tables have no protobuf form, and what is served by Podyard alone has none either.
 * k8s: handlers/negotiation/negotiate.go acceptMediaTypeOptions, handlers/rest.go AllowsMediaTypeTransform
 */
export function formOf(
  accept: string | undefined,
  tables: boolean,
  protobufs = true,
  stream = false,
): Wanted {
  const plain: Wanted = { form: "object", yaml: false, group: "", protobuf: false };
  if (!accept?.trim()) return plain;
  for (const clause of accept.split(",")) {
    const [type = "", ...parameters] = clause.split(";").map((p) => p.trim());
    if (!served.has(type.toLowerCase())) continue;
    const protobuf = type.toLowerCase() === protobufType;
    const yaml = type === "application/yaml";
    if ((protobuf && !protobufs) || (yaml && stream)) continue;
    const settings = Object.fromEntries(parameters.map((p) => p.split("=") as [string, string]));
    const { as, g, v } = settings as { as?: string; g?: string; v?: string };
    if (as === undefined && g === undefined && v === undefined) return { ...plain, yaml, protobuf };
    if (g !== "meta.k8s.io" || (v !== "v1" && v !== "v1beta1")) continue;
    const form = forms[as ?? ""];
    if (form && (form !== "table" || (tables && !protobuf))) {
      return { form, yaml, group: `${g}/${v}`, protobuf };
    }
  }
  const types = accepted.filter((type) => type !== protobufType || protobufs);
  if (!stream) throw notAcceptable(types);
  const streams = types.filter((type) => type !== "application/yaml");
  throw notAcceptable(streams.map((type) => `${type};stream=watch`));
}

/** Whether protobuf, in its plain form, is the client's first choice. */
export const prefersProtobuf = (accept: string): boolean =>
  accept.trimStart().startsWith(protobufType);

/** Whether YAML is the client's first choice. */
export const prefersYaml = (accept: string | undefined): boolean =>
  accept?.trimStart().startsWith("application/yaml") ?? false;

/** Whether there is a protobuf form: upstream serves none of custom resources. */
export const hasProtobuf = ({ hooks }: Resource): boolean => hooks.discovery === undefined;

/** How much of an object a Table's rows carry. k8s: handlers/response.go optionsForTransform */
export function includeObjectOf(info: RequestInfo): IncludeObject {
  const value = info.query.get("includeObject");
  if (value === "" || value === "Metadata") return "Metadata";
  if (value === "Object" || value === "None") return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${goQuote(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}
