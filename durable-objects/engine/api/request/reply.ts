/** Answers as plain data. */
import { stringify } from "yaml";
import { encodeUtf8 } from "../../core/utf8.ts";
import type { ApiRequest, ApiResponse, Reply } from "../../ports/request.ts";
import { encodeProtobuf, type TypedObject } from "../../schema/protobuf.ts";
import { URLQuery } from "./request-info.ts";

export function json(code: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return jsonText(code, JSON.stringify(body), headers);
}

export function jsonText(code: number, body: string, headers: Record<string, string> = {}): Reply {
  return {
    type: "reply",
    status: code,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-cache, private",
      ...headers,
    },
    body,
  };
}

/** As sigs.k8s.io/yaml writes: keys sorted, sequences as far to the left as their key, no anchors, no folded lines. */
const asUpstream = {
  aliasDuplicateObjects: false,
  sortMapEntries: true,
  indentSeq: false,
  lineWidth: 0,
};

export function yamlReply(code: number, body: unknown): Reply {
  return {
    type: "reply",
    status: code,
    headers: { "content-type": "application/yaml", "cache-control": "no-cache, private" },
    body: stringify(body, asUpstream),
  };
}

/** k8s: apimachinery/pkg/runtime/serializer/protobuf */
export function protobufReply(code: number, body: TypedObject, stored = false): Reply {
  return {
    type: "reply",
    status: code,
    headers: {
      "content-type": "application/vnd.kubernetes.protobuf",
      "cache-control": "no-cache, private",
    },
    body: encodeProtobuf(body.apiVersion, body.kind, body, stored),
  };
}

/** An object in the encoding that its client wants. */
export function written(
  code: number,
  body: unknown,
  { yaml, protobuf }: { yaml: boolean; protobuf: boolean },
): Reply {
  if (protobuf) return protobufReply(code, body as TypedObject);
  return yaml ? yamlReply(code, body) : json(code, body);
}

export function reply(code: number, contentType: string, body: string | Uint8Array): Reply {
  return { type: "reply", status: code, headers: { "content-type": contentType }, body };
}

/** Indented where the client asks for it or is one that people read. k8s: handlers/negotiation isPrettyPrint */
export function pretty(request: ApiRequest, response: ApiResponse): ApiResponse {
  if (response.type === "pieces") {
    const isPretty = wantsPretty(request);
    return { ...response, pieces: () => response.pieces(isPretty) };
  }
  return response.type === "reply" ? prettyReply(request, response) : response;
}

export function prettyReply(request: ApiRequest, response: Reply): Reply {
  if (typeof response.body !== "string" || !response.body) return response;
  if (!response.headers["content-type"]?.startsWith("application/json")) return response;
  if (response.body.startsWith("{\n")) return response;
  const body = wantsPretty(request)
    ? JSON.stringify(JSON.parse(response.body), null, 2)
    : `${response.body}\n`;
  return { ...response, body };
}

function wantsPretty(request: ApiRequest): boolean {
  const asked = request.query.includes("pretty") ? new URLQuery(request.query).get("pretty") : "";
  if (asked) return /^(1|t|true)$/i.test(asked);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(request.headers["user-agent"] ?? "");
}

/** k8s: apiserver/pkg/endpoints/filters/warning.go */
const warningsRunesMax = 4 * 1024;
const warningRunesMax = 256;

/** `Warning: 299 - "text"`, one per distinct text, cut short where there are very many. */
export function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  if (warnings.length === 0 || !("headers" in response)) return response;
  const texts = [...new Set(warnings)]
    .filter((text) => text && !/\p{Cc}/u.test(text))
    .map((text) => [...text]);
  const all = texts.reduce((sum, text) => sum + text.length, 0);
  const values: string[] = [];
  let written = 0;
  for (const text of texts) {
    if (all > warningsRunesMax && written >= warningsRunesMax) break;
    const cut = all > warningsRunesMax ? text.slice(0, warningRunesMax) : text;
    written += cut.length;
    values.push(warningValue(cut.join("")));
  }
  if (values.length === 0) return response;
  return { ...response, headers: { ...response.headers, warning: values.join(", ") } };
}

/** k8s: apimachinery/pkg/util/net NewWarningHeader. Headers hold bytes: what is beyond Latin-1 goes as UTF-8. */
function warningValue(text: string): string {
  const quoted = text.replace(/[\\"]/g, "\\$&");
  return `299 - "${String.fromCharCode(...encodeUtf8(quoted))}"`;
}
