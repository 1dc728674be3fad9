/** Which form of an answer the client wants. k8s: apiserver/pkg/endpoints/handlers/negotiation */
import { notAcceptable } from "./status.ts";

export type Form = "object" | "table" | "partial" | "partial-list";

const served = new Set(["application/json", "application/*", "*/*", "application/yaml"]);

const accepted = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
];

/** First clause of Accept that can be served. Protobuf answers are never needed: clients decode by Content-Type. */
export function formOf(accept: string | undefined, tables: boolean): { form: Form; yaml: boolean } {
  if (!accept?.trim()) return { form: "object", yaml: false };
  for (const clause of accept.split(",")) {
    const [type = "", ...parameters] = clause.split(";").map((p) => p.trim());
    const settings = Object.fromEntries(parameters.map((p) => p.split("=") as [string, string]));
    if (!served.has(type.toLowerCase())) continue;
    const as = settings["as"];
    const yaml = type === "application/yaml";
    if (as === undefined) return { form: "object", yaml };
    if (settings["g"] !== "meta.k8s.io") continue;
    if (settings["v"] !== "v1" && settings["v"] !== "v1beta1") continue;
    if (as === "Table" && tables) return { form: "table", yaml };
    if (as === "PartialObjectMetadata") return { form: "partial", yaml };
    if (as === "PartialObjectMetadataList") return { form: "partial-list", yaml };
  }
  throw notAcceptable(accepted);
}
