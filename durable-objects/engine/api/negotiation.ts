/** Which form of an answer the client wants. k8s: apiserver/pkg/endpoints/handlers/negotiation */
import { lookup } from "../core/lookup.ts";
import { goQuote } from "./field.ts";
import type { RequestInfo } from "./request-info.ts";
import { badRequest, notAcceptable } from "./status.ts";
import type { IncludeObject } from "./table.ts";

export type Form = "object" | "table" | "partial" | "partial-list";

const served = new Set(["application/json", "*/*", "application/yaml"]);

const accepted = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

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
  /** Protobuf was liked better. It carries no kind of a list's items, so that such a client expects none. */
  protobuf: boolean;
}

/**
 * First clause of Accept that can be served. Protobuf answers are never needed: clients decode by Content-Type.
 * k8s: handlers/negotiation/negotiate.go acceptMediaTypeOptions, handlers/rest.go AllowsMediaTypeTransform
 */
export function formOf(accept: string | undefined, tables: boolean): Wanted {
  const plain: Wanted = { form: "object", yaml: false, group: "", protobuf: false };
  if (!accept?.trim()) return plain;
  let protobuf = false;
  for (const clause of accept.split(",")) {
    const [type = "", ...parameters] = clause.split(";").map((p) => p.trim());
    protobuf ||= type === "application/vnd.kubernetes.protobuf";
    if (!served.has(type.toLowerCase())) continue;
    const settings = Object.fromEntries(parameters.map((p) => p.split("=") as [string, string]));
    const yaml = type === "application/yaml";
    const { as, g, v } = settings as { as?: string; g?: string; v?: string };
    if (as === undefined && g === undefined && v === undefined) return { ...plain, yaml, protobuf };
    if (g !== "meta.k8s.io" || (v !== "v1" && v !== "v1beta1")) continue;
    const form = forms[as ?? ""];
    if (form && (tables || form !== "table")) {
      return { form, yaml, group: `${g}/${v}`, protobuf };
    }
  }
  throw notAcceptable(accepted);
}

/** How much of an object a Table's rows carry. k8s: handlers/response.go optionsForTransform */
export function includeObjectOf(info: RequestInfo): IncludeObject {
  const value = info.query.get("includeObject");
  if (value === "" || value === "Metadata") return "Metadata";
  if (value === "Object" || value === "None") return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${goQuote(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}
