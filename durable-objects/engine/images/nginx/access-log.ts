/** nginx' access logs: formats, where lines go, the variables in them. nginx: src/http/modules/ngx_http_log_module.c */
import { hex32, mix } from "../../core/random.ts";
import { Errno } from "../../runtime/errno.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { commonLogTime, rfc3339Milli } from "../../runtime/logs/times.ts";

interface Format {
  text: string;
  escape?: "json" | "none";
}

export interface NginxLog extends Format {
  path: string;
  /** A variable: nothing is written where it is "" or "0". */
  only?: string;
}

const combined =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';

/** As the image's own nginx.conf has it. */
const imageLog: NginxLog = {
  path: "/var/log/nginx/access.log",
  text: `${combined} "$http_x_forwarded_for"`,
};

/** What a request's line is made of. */
export interface Logged {
  sys: Sys;
  server: { name: string; root: string } | undefined;
  request: HttpRequest;
  response: HttpResponse;
  /** When a request that was handed on came, and to whom. */
  handed?: { sinceMs: number; host: string; port: number; status?: number; bytes: number };
}

type Value = (logged: Logged) => string | number | undefined;

const plain = (path: string): string => path.split("?")[0] ?? "/";
const query = (path: string): string | undefined => path.split("?").slice(1).join("?") || undefined;
const hostOf = ({ headers, host }: HttpRequest): string =>
  (headers.host ?? host).replace(/:\d+$/, "");
const bodyBytes = ({ request, response }: Logged): number =>
  request.method === "HEAD" ? 0 : response.body.length;
const headBytes = (headers: Record<string, string>): number =>
  Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 2);
const seconds = ({ sys, handed }: Logged): string =>
  ((sys.now - (handed?.sinceMs ?? sys.now)) / 1000).toFixed(3);
const ofBackend: Value = (logged) => (logged.handed ? seconds(logged) : undefined);
const uri: Value = ({ request }) => plain(request.path);
const args: Value = ({ request }) => query(request.path);

const variables: Record<string, Value> = {
  remote_addr: ({ request }) => request.clientIp,
  realip_remote_addr: ({ request }) => request.clientIp,
  remote_port: () => 40_000,
  time_local: ({ sys }) => commonLogTime(sys.now),
  time_iso8601: ({ sys }) => `${rfc3339Milli(sys.now).slice(0, 19)}+00:00`,
  msec: ({ sys }) => (sys.now / 1000).toFixed(3),
  request: ({ request }) => `${request.method} ${request.path} HTTP/1.1`,
  request_method: ({ request }) => request.method,
  request_uri: ({ request }) => request.path,
  request_body: ({ request }) => request.body || undefined,
  request_time: seconds,
  request_length: ({ request: { method, path, headers, body } }) =>
    method.length + path.length + 12 + headBytes(headers) + body.length,
  request_id: ({ sys, request }) =>
    [0, 1, 2, 3].map((n) => hex32(mix(request.id ?? 0, sys.now, n))).join(""),
  request_completion: () => "OK",
  uri,
  document_uri: uri,
  args,
  query_string: args,
  is_args: ({ request }) => (query(request.path) === undefined ? "" : "?"),
  status: ({ response }) => response.status,
  body_bytes_sent: bodyBytes,
  bytes_sent: (logged) => bodyBytes(logged) + headBytes(logged.response.headers) + 17,
  host: ({ request }) => hostOf(request),
  hostname: ({ sys }) => sys.env["HOSTNAME"],
  scheme: ({ request }) => (request.https ? "https" : "http"),
  https: ({ request }) => (request.https ? "on" : ""),
  server_name: ({ server }) => server?.name ?? "",
  server_addr: ({ request }) => request.host,
  server_port: ({ request }) => request.port,
  server_protocol: () => "HTTP/1.1",
  document_root: ({ server }) => server?.root,
  connection: ({ request }) => request.id ?? 1,
  connection_requests: () => 1,
  pipe: () => ".",
  pid: () => 29,
  nginx_version: ({ sys }) => sys.container.image.version,
  content_length: ({ request }) => request.headers["content-length"],
  content_type: ({ request }) => request.headers["content-type"],
  proxy_add_x_forwarded_for: ({ request }) =>
    [request.headers["x-forwarded-for"], request.clientIp].filter(Boolean).join(", "),
  upstream_addr: ({ handed }) => handed && `${handed.host}:${handed.port}`,
  upstream_status: ({ handed, response }) => handed && (handed.status ?? response.status),
  upstream_response_length: ({ handed }) => handed?.bytes,
  upstream_response_time: ofBackend,
  upstream_header_time: ofBackend,
  upstream_connect_time: ({ handed }) => handed && "0.000",
};

/** Variables without a value here. */
const empty =
  /^(?:remote_user|gzip_ratio|limit_\w+|ssl_\w+|proxy_\w+|upstream_\w+|request_\w+|geoip_\w+|time_\w+|tcpinfo_\w+|binary_remote_addr|invalid_referer|realpath_root)$/;

const named: Record<string, (name: string, logged: Logged) => string | undefined> = {
  http: (name, { request }) => request.headers[name.replaceAll("_", "-")],
  sent_http: (name, { response }) => response.headers[name.replaceAll("_", "-")],
  upstream_http: (name, { handed, response }) =>
    handed && response.headers[name.replaceAll("_", "-")],
  arg: (name, { request }) =>
    query(request.path)
      ?.split("&")
      .find((pair) => pair.startsWith(`${name}=`))
      ?.slice(name.length + 1),
  cookie: (name, { request }) =>
    request.headers.cookie
      ?.split(/; ?/)
      .find((pair) => pair.startsWith(`${name}=`))
      ?.slice(name.length + 1),
};

const family = /^(sent_http|upstream_http|http|arg|cookie)_(\w+)$/;

function valueOf(name: string, logged: Logged): string | undefined {
  const own = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (own) {
    const value = own(logged);
    return value === undefined ? undefined : String(value);
  }
  const [, kind = "", rest = ""] = family.exec(name) ?? [];
  return named[kind]?.(rest.toLowerCase(), logged);
}

const reference = /\$(?:\{(\w+)\}|(\w+))/g;

const hexOf = (sign: string): string =>
  sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
const short: Record<string, string> = { "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f" };

const escapes = {
  default: (text: string): string => text.replace(/[^ !#-[\]-~]/g, (sign) => `\\x${hexOf(sign)}`),
  json: (text: string): string =>
    text
      .replace(/["\\]/g, "\\$&")
      .replace(/[\0-\x1f]/g, (sign) => `\\${short[sign] ?? `u00${hexOf(sign)}`}`),
  none: (text: string): string => text,
};

const lineOf = ({ text, escape }: Format, logged: Logged): string =>
  text.replace(reference, (_all, braced: string | undefined, bare: string | undefined) => {
    const value = valueOf(braced ?? bare ?? "", logged);
    return value === undefined ? (escape ? "" : "-") : escapes[escape ?? "default"](value);
  });

/** Writes a request's lines. `logs` absent: the image's own. */
export function logAccess(logged: Logged, logs: readonly NginxLog[] = [imageLog]): void {
  const { sys } = logged;
  for (const log of logs) {
    // Of a variable that only a map or a set knows, nothing is known.
    const name = /^\$\{?(\w+)/.exec(log.only ?? "")?.[1];
    if (name !== undefined && isKnown(name) && /^0?$/.test(valueOf(name, logged) ?? "")) continue;
    const line = `${lineOf(log, logged)}\n`;
    const fd = descriptorOf(sys, log.path);
    try {
      if (fd !== undefined) sys.write(fd, line);
      else sys.writeFile(log.path, line, { write: true, create: true, append: true });
    } catch (error) {
      // A full disk stops nothing.
      if (!(error instanceof Errno)) throw error;
    }
  }
}

const isKnown = (name: string): boolean =>
  Object.hasOwn(variables, name) || family.test(name) || empty.test(name);

/** The descriptor that a log's path is; undefined: a file. */
function descriptorOf(sys: Sys, path: string): number | undefined {
  if (/^\/(?:dev\/stdout|(?:dev|proc\/self)\/fd\/1)$/.test(path)) return 1;
  if (/^\/(?:dev\/stderr|(?:dev|proc\/self)\/fd\/2)$/.test(path)) return 2;
  if (path !== imageLog.path) return undefined;
  // In the image it is a link to standard output; a volume may lie over it.
  const { mounts = [] } = sys.container.record.spec;
  return mounts.some(({ mountPath }) => path.startsWith(mountPath)) ? undefined : 1;
}

/** Makes the files of logs, as nginx opens them before it listens; what went wrong. */
export function openLogs(
  sys: Sys,
  logs: readonly NginxLog[],
  failure: (call: string, act: () => void) => string | undefined,
): string | undefined {
  for (const path of new Set([imageLog, ...logs].map((log) => log.path))) {
    if (descriptorOf(sys, path) !== undefined) continue;
    const act = (): void =>
      sys.close(sys.open(path, { write: true, create: true, append: true }, 0o644));
    const failed = failure(`open() "${path}"`, act);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/** The formats of a configuration, in the order in which they come. */
export class LogFormats {
  readonly #formats = new Map<string, Format>([["combined", { text: combined }]]);
  /** Variables that the configuration itself makes. */
  readonly made = new Set<string>();

  /** log_format; a complaint. */
  define([name, ...words]: string[]): string | undefined {
    if (name === undefined || words.length === 0)
      return 'invalid number of arguments in "log_format" directive';
    if (this.#formats.has(name)) return `duplicate "log_format" name "${name}"`;
    const escape = words[0]?.startsWith("escape=") ? words.shift()?.slice(7) : undefined;
    if (escape !== undefined && !Object.hasOwn(escapes, escape))
      return `unknown log format escaping "${escape}"`;
    const text = words.join("");
    this.#formats.set(name, escape === "json" || escape === "none" ? { text, escape } : { text });
    return undefined;
  }

  /** access_log: a log, that there is none, or a complaint. */
  read([path, ...words]: string[]): NginxLog | "off" | { error: string } {
    if (path === undefined)
      return { error: 'invalid number of arguments in "access_log" directive' };
    if (path === "off" && words.length === 0) return "off";
    const [first = "combined", ...more] = words;
    const isName = !/^(?:if|buffer|flush|gzip)=/.test(first);
    const name = isName ? first : "combined";
    const format = this.#formats.get(name);
    if (!format) return { error: `unknown log format "${name}"` };
    const only = (isName ? more : words).find((word) => word.startsWith("if="))?.slice(3);
    const full = path.startsWith("/") || path.includes(":") ? path : `/etc/nginx/${path}`;
    return { ...format, path: full, ...(only === undefined ? {} : { only }) };
  }

  /** A variable that nobody knows. nginx: ngx_http_variables_init_vars */
  get unknown(): string | undefined {
    for (const { text } of this.#formats.values())
      for (const [, braced, bare = braced ?? ""] of text.matchAll(reference))
        if (!isKnown(bare) && !this.made.has(bare)) return `unknown "${bare}" variable`;
    return undefined;
  }
}

/** Logs of a server or of a location, as they are kept; undefined: those that the image has. */
export const keptLogs = (logs: readonly NginxLog[] | undefined): NginxLog[] | undefined => {
  const [first, ...more] = logs ?? [{ path: imageLog.path, text: combined }];
  const isImages =
    first?.path === imageLog.path && first.text === imageLog.text && !first.escape && !first.only;
  return first && !(isImages && more.length === 0) ? [first, ...more] : undefined;
};
