/** The API server as kubectl reaches it: whose requests they are, their headers, and what answers mean. */
import { decodeUtf8, encodeUtf8, toBase64 } from "../runtime/bytes.ts";
import type { HttpResponse } from "../runtime/kernel/state.ts";
import { trimEndOf } from "../core/trim.ts";
import type { Status } from "../machinery/status.ts";
import type { ClientConfig } from "./config/client-config.ts";
import { clientVersion } from "./client-version.ts";
import { Failure, StatusFailure, UrlFailure } from "./errors.ts";
import { http, type HttpDone } from "./http.ts";
import type { Work } from "./work.ts";

export interface ApiCall {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path below the server's address: `/api/v1/pods`. */
  path: string;
  /** Query parameters in order; those that are undefined or "" are left out. */
  query?: readonly (readonly [string, string | number | boolean | undefined])[];
  /** What is accepted; JSON where absent. */
  accept?: string;
  /** JSON unless it is a text already. */
  body?: unknown;
  /** Of the body; JSON where absent. */
  contentType?: string;
  /** A watch or a followed log. */
  stream?: boolean;
  /** The connection becomes a session's: exec, attach. */
  upgrade?: boolean;
}

export interface ApiAnswer {
  status: number;
  /** The body as text. */
  text: string;
  /** Of a stream: what follows the text. */
  stream?: string;
  /** A port-forward that was let in. */
  forward?: NonNullable<HttpResponse["forward"]>;
}

/** What is printed on standard error as it comes. */
export interface Notices {
  err(text: string): void;
  /** Texts of warnings that were printed. */
  warned: Set<string>;
}

export const jsonType = "application/json";
/** Server-side apply. */
export const applyType = "application/apply-patch+yaml";
export const mergePatchType = "application/merge-patch+json";
export const strategicPatchType = "application/strategic-merge-patch+json";
export const jsonPatchType = "application/json-patch+json";
/** Rows as `kubectl get` prints them. */
export const tableAccept = `application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,${jsonType}`;

/** Query parameters as Go's url.Values encodes them: by name. */
export function queryOf(query: ApiCall["query"] = []): string {
  return encodedQuery(query.filter(([, value]) => value !== undefined && value !== ""));
}

/** The same with those that are "". */
export function encodedQuery(query: NonNullable<ApiCall["query"]>): string {
  const sorted = query.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.map(([name, value]) => `${escape(name)}=${escape(String(value))}`).join("&");
}

/** url.QueryEscape */
const escape = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");

export class ApiClient {
  readonly config: ClientConfig;
  readonly #notices: Notices;
  readonly #command: string;

  constructor(config: ClientConfig, command: string, notices: Notices) {
    this.config = config;
    this.#command = command;
    this.#notices = notices;
  }

  #headers(call: ApiCall): Record<string, string> {
    const { config } = this;
    const headers: Record<string, string> = {
      host: config.server.replace(/^[a-z]+:\/\//, "").replace(/\/.*/, ""),
      "user-agent": `kubectl/${clientVersion.gitVersion} (linux/amd64) kubernetes/${clientVersion.gitCommit.slice(0, 7)}`,
      accept: call.accept ?? jsonType,
      "accept-encoding": "gzip",
      "kubectl-command": this.#command,
    };
    Object.assign(headers, this.credentials());
    if (call.upgrade) {
      headers["connection"] = "Upgrade";
      headers["upgrade"] = "websocket";
      headers["sec-websocket-protocol"] = "v5.channel.k8s.io";
    }
    if (call.body !== undefined) headers["content-type"] = call.contentType ?? jsonType;
    return headers;
  }

  /** Headers that say who asks. */
  credentials(): Record<string, string> {
    const { config } = this;
    const headers: Record<string, string> = {};
    if (config.token) headers["authorization"] = `Bearer ${config.token}`;
    else if (config.username)
      headers["authorization"] =
        `Basic ${toBase64(encodeUtf8(`${config.username}:${config.password ?? ""}`))}`;
    const { impersonate } = config;
    if (impersonate.user) headers["impersonate-user"] = impersonate.user;
    if (impersonate.uid) headers["impersonate-uid"] = impersonate.uid;
    if (impersonate.groups.length) headers["impersonate-group"] = impersonate.groups.join("\n");
    for (const [name, values] of Object.entries(impersonate.extra))
      headers[`impersonate-extra-${name.toLowerCase()}`] = values.join(", ");
    return headers;
  }

  url(call: Pick<ApiCall, "path" | "query">): string {
    const query = queryOf(call.query);
    return `${trimEndOf(this.config.server, "/")}${call.path}${query ? `?${query}` : ""}`;
  }

  /** The answer, whatever its status; UrlFailure when none came. Warnings are printed. */
  *send(call: ApiCall): Work<ApiAnswer> {
    const { config } = this;
    const method = call.method ?? "GET";
    const timeoutMs = config.timeoutMs;
    const url = this.url(timeoutMs ? { ...call, query: timed(call, timeoutMs) } : call);
    if (config.untrusted && url.startsWith("https:"))
      throw new UrlFailure(
        method,
        url,
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
      );
    if (config.badCertificate) throw new UrlFailure(method, url, config.badCertificate);
    const { body } = call;
    const text =
      body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const done = yield* http({
      method,
      url,
      headers: this.#headers(call),
      ...(text === undefined ? {} : { body: encodeUtf8(text) }),
      ...(call.stream ? { stream: true } : {}),
      ...(config.certificate ? { clientCertificate: config.certificate } : {}),
      ...(timeoutMs ? { timeoutMs } : {}),
    });
    if ("error" in done) throw new UrlFailure(method, url, whyOf(done, url));
    this.#warn(done.response);
    const { status, stream, forward } = done.response;
    return {
      status,
      text: decodeUtf8(done.response.body),
      ...(stream === undefined ? {} : { stream }),
      ...(forward ? { forward } : {}),
    };
  }

  /** k8s: client-go/rest/warnings.go warningWriter */
  #warn({ headers }: HttpResponse): void {
    const { warned } = this.#notices;
    for (const text of warningsIn(headers["warning"] ?? "")) {
      if (warned.has(text)) continue;
      warned.add(text);
      this.#notices.err(`Warning: ${text}\n`);
    }
  }

  /** The text of a success; StatusFailure for anything else. */
  *ok(call: ApiCall): Work<ApiAnswer> {
    const answer = yield* this.send(call);
    if (answer.status >= 200 && answer.status <= 206) return answer;
    if (call.upgrade && answer.status === 101) return answer;
    throw failureOf(answer, call);
  }

  /** What the answer's JSON is. */
  *json<T = unknown>(call: ApiCall): Work<T> {
    const { text } = yield* this.ok(call);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new Failure(`the server could not find the requested resource`);
    }
  }
}

const timed = (call: ApiCall, ms: number): NonNullable<ApiCall["query"]> => [
  ...(call.query ?? []),
  ["timeout", `${ms / 1000}s`],
];

/** Texts of a `Warning:` header: `299 - "text"`, several joined by commas. RFC 7234 5.5 */
export function warningsIn(header: string): string[] {
  const out: string[] = [];
  for (const [, text = ""] of header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g))
    out.push(text.replace(/\\(.)/g, "$1"));
  return out;
}

/** Go's words for a connection that did not come about, or ended early. */
function whyOf(done: Extract<HttpDone, { error: string }>, url: string): string {
  const [, host = "", port] = /^[a-z]+:\/\/([^/:]+)(?::(\d+))?/.exec(url) ?? [];
  const at = `${done.ip ?? host}:${port ?? (url.startsWith("https:") ? 443 : 80)}`;
  switch (done.error) {
    case "refused":
      return `dial tcp ${at}: connect: connection refused`;
    case "unreachable":
      return `dial tcp ${at}: connect: no route to host`;
    case "timeout":
      return `dial tcp ${at}: i/o timeout`;
    case "name":
      return `dial tcp: lookup ${host}: no such host`;
    case "limit":
      return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
    case "reset":
      return "EOF";
  }
}

const genericTexts: Record<number, [reason: string, text: string]> = {
  400: ["BadRequest", "the server rejected our request for an unknown reason"],
  401: ["Unauthorized", "the server has asked for the client to provide credentials"],
  404: ["NotFound", "the server could not find the requested resource"],
  405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
  406: [
    "NotAcceptable",
    "the server was unable to respond with a content type that the client supports",
  ],
  409: ["Conflict", "the server reported a conflict"],
  415: [
    "UnsupportedMediaType",
    "the server was unable to respond with a content type that the client supports",
  ],
  422: ["Invalid", "the server rejected our request due to an error in our request"],
  429: [
    "TooManyRequests",
    "the server has received too many requests and has asked us to try again later",
  ],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: [
    "Timeout",
    "the server was unable to return a response in the time allotted, but may still be processing the request",
  ],
};

/** The failure that an answer tells of. k8s: api/errors/errors.go NewGenericServerResponse where it is no Status */
export function failureOf(answer: ApiAnswer, call: ApiCall): StatusFailure {
  try {
    const body = JSON.parse(answer.text) as Status;
    if (body.kind === "Status" && body.status !== "Success") return new StatusFailure(body);
  } catch {
    // Said below in general words.
  }
  const { status } = answer;
  const [reason, text] =
    genericTexts[status] ??
    (status >= 500
      ? [
          "InternalError",
          `an error on the server (${JSON.stringify(answer.text.trim() || "unknown")}) has prevented the request from succeeding`,
        ]
      : [
          "Unknown",
          `the server responded with the status code ${status} but did not return more information`,
        ]);
  const named = namedIn(call);
  const what = named ? ` (${(call.method ?? "GET").toLowerCase()} ${named})` : "";
  return new StatusFailure({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `${text}${what}`,
    reason,
    code: status,
  });
}

/** `pods.apps name` of a path, as generic failures name it. */
function namedIn({ path }: ApiCall): string | undefined {
  const match =
    /^\/(?:api|apis\/([^/]+))\/[^/]+\/(?:namespaces\/[^/]+\/)?([^/]+)(?:\/([^/]+))?/.exec(path);
  if (!match) return undefined;
  const [, group, resource, name] = match;
  return `${resource}${group ? `.${group}` : ""}${name ? ` ${name}` : ""}`;
}
