/** Answers as plain data. */
import { stringify } from "yaml";
import type { ApiRequest, ApiResponse, Reply } from "../ports.ts";
import { URLQuery } from "./request-info.ts";

export function json(code: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return jsonText(code, JSON.stringify(body), headers);
}

export function jsonText(code: number, body: string, headers: Record<string, string> = {}): Reply {
  return {
    type: "reply",
    status: code,
    headers: { "content-type": "application/json", "cache-control": "no-cache, private", ...headers },
    body,
  };
}

export function yamlReply(code: number, body: unknown): Reply {
  return {
    type: "reply",
    status: code,
    headers: { "content-type": "application/yaml", "cache-control": "no-cache, private" },
    body: stringify(body),
  };
}

export function reply(code: number, contentType: string, body: string | Uint8Array): Reply {
  return { type: "reply", status: code, headers: { "content-type": contentType }, body };
}

/** Indented where the client asks for it or is one that people read. k8s: handlers/negotiation isPrettyPrint */
export function pretty(request: ApiRequest, response: ApiResponse): ApiResponse {
  if (response.type !== "reply" || typeof response.body !== "string" || !response.body) return response;
  if (!response.headers["content-type"]?.startsWith("application/json")) return response;
  if (response.body.startsWith("{\n")) return response;
  const body = wantsPretty(request) ? JSON.stringify(JSON.parse(response.body), null, 2) : `${response.body}\n`;
  return { ...response, body };
}

function wantsPretty(request: ApiRequest): boolean {
  const asked = request.query.includes("pretty") ? new URLQuery(request.query).get("pretty") : "";
  if (asked) return /^(1|t|true)$/i.test(asked);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(request.headers["user-agent"] ?? "");
}

/** `Warning: 299 - "text"`, one per distinct text. k8s: apimachinery/pkg/util/net NewWarningHeader */
export function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  if (warnings.length === 0 || !("headers" in response)) return response;
  const values = [...new Set(warnings)].map((text) => `299 - "${text.replace(/[\\"]/g, "\\$&").replace(/[^\x20-\x7e]/g, "")}"`);
  return { ...response, headers: { ...response.headers, warning: values.join(", ") } };
}
