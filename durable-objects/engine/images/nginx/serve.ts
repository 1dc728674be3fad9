/** nginx' answers: files, fixed ones, and those of servers behind it. */
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import { Errno } from "../../runtime/errno.ts";
import { Regex } from "../../regex/regex.ts";
import { MatchWork } from "../../runtime/match-work.ts";
import type { HttpRequest, HttpResponse, Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { pushAsk, type HttpAsk } from "../serving/http-ask.ts";
import { errorLogTime, httpDate } from "../../runtime/logs/times.ts";
import { mimeType } from "../../runtime/http/mime.ts";
import { logAccess, type Logged } from "./access-log.ts";
import {
  locationPattern,
  type NginxLocation,
  type NginxServer,
  parseNginxConfig,
} from "./config.ts";
import { defaultConfig, mainConfig } from "./files.ts";

export const workerPids = [29, 30, 31, 32];

export interface NginxState {
  /** Configuration as it was when last (re)loaded; absent: the image's own. */
  conf?: NginxServer[];
  /** Ended by a bad configuration or a taken port. */
  bad?: number;
  /** Requests handed on to others, by number. */
  jobs?: { request: number; ask: HttpAsk; sinceMs?: number; done?: true }[];
}

/** Servers of the image's own configuration. */
export const ownServers: NginxServer[] = parseNginxConfig(mainConfig, () => [
  defaultConfig,
]).servers;

const page = (status: number, text: string, version: string): HttpResponse => ({
  status,
  headers: { "content-type": "text/html" },
  body: `<html>\r\n<head><title>${status} ${text}</title></head>\r\n<body>\r\n<center><h1>${status} ${text}</h1></center>\r\n<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`,
});

/** A path's %XX undone and its query cut off. */
const plainPath = (path: string): string =>
  (path.split(/[?#]/)[0] ?? "/").replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );

function respond(
  sys: Sys,
  server: NginxServer,
  request: HttpRequest,
  version: string,
): HttpResponse | HttpAsk {
  const path = plainPath(request.path);
  let chosen: Chosen;
  try {
    chosen = choose(server, path, new MatchWork((microseconds) => sys.charge(microseconds)));
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    // pcre2_match() failed: match limit exceeded
    return page(500, "Internal Server Error", version);
  }
  const { location } = chosen;
  if (location?.proxy) return handOn(sys, location, request, path, chosen.captures);
  if (location?.returns) {
    const { status } = location.returns;
    const text = captured(location.returns.text, chosen.captures);
    if (status >= 300 && status < 400)
      return { ...page(status, "Moved", version), headers: { location: text } };
    return { status, headers: { "content-type": location.type ?? "text/plain" }, body: text };
  }
  if (request.method !== "GET" && request.method !== "HEAD")
    return page(405, "Not Allowed", version);
  const root = location?.root ?? server.root;
  return serveFile(sys, server, request, version, `${root}${tried(sys, root, path, location)}`);
}

interface Chosen {
  location: NginxLocation | undefined;
  /** What the pattern's groups took, the first under 1. */
  captures: readonly string[];
}

/** The location of a path: an exact one, else the first pattern that matches, else the longest prefix. ENOMEM. */
function choose({ locations }: NginxServer, path: string, work: MatchWork): Chosen {
  const prefix = locations.findLast(
    (known) => !known.pattern && (known.exact ? path === known.path : path.startsWith(known.path)),
  );
  if (prefix?.exact || prefix?.final) return { location: prefix, captures: [] };
  for (const location of locations) {
    const pattern = locationPattern(location, work);
    if (!(pattern instanceof Regex)) continue;
    const found = pattern.find(path, work);
    if (!found) continue;
    const groups = Math.min(pattern.groups, 9);
    const captures = Array.from({ length: groups + 1 }, (_, n) => found.group(n) ?? "");
    return { location, captures };
  }
  return { location: prefix, captures: [] };
}

const captured = (text: string, captures: readonly string[]): string =>
  text.replace(/\$([1-9])/g, (_, n: string) => captures[Number(n)] ?? "");

/** The first of try_files that is there; the last one is taken unseen. */
function tried(sys: Sys, root: string, path: string, location: NginxLocation | undefined): string {
  const words = location?.tries?.map((word) => word.replaceAll("$uri", path)) ?? [];
  for (const word of words.slice(0, -1)) {
    const found = sys.peek(`${root}${word}`);
    if (found && (found.type === "d") === word.endsWith("/")) return word;
  }
  return words.at(-1) ?? path;
}

/** A request as the server behind is to see it. */
function handOn(
  sys: Sys,
  location: NginxLocation,
  request: HttpRequest,
  path: string,
  captures: readonly string[],
): HttpAsk {
  const proxy = location.proxy;
  const servers = proxy?.servers ?? [];
  const server = servers[(request.id ?? 0) % Math.max(servers.length, 1)] ?? "";
  const host = request.headers.host ?? request.host;
  const forwarded = [request.headers["x-forwarded-for"], request.clientIp]
    .filter(Boolean)
    .join(", ");
  const variables: Record<string, string> = {
    $host: host.replace(/:\d+$/, ""),
    $http_host: host,
    $proxy_host: proxy?.name ?? "",
    $remote_addr: request.clientIp,
    $proxy_add_x_forwarded_for: forwarded,
    $scheme: "http",
    $request_uri: request.path,
    $server_port: String(request.port),
  };
  const set: Record<string, string> = {};
  for (const [name, value] of Object.entries(proxy?.headers ?? {}))
    set[name] = value.replace(/\$\w+/g, (name) => variables[name] ?? "");
  const tail = request.path.slice(path.length);
  // With a variable in it the URI is all there is of the path.
  const given = proxy?.uri?.includes("$") ? captured(proxy.uri, captures) : undefined;
  const uri =
    given ?? (proxy?.uri === undefined ? path : proxy.uri + path.slice(location.path.length));
  return {
    host: server.replace(/:\d+$/, ""),
    port: Number(/:(\d+)$/.exec(server)?.[1] ?? 80),
    path: (uri.startsWith("/") ? uri : `/${uri}`) + tail,
    method: request.method,
    body: request.body,
    headers: { ...request.headers, host: proxy?.name ?? "", connection: "close", ...set },
    keep: true,
    patienceMs: 60_000,
  };
}

/** Pushes requests to others on; what to wait for. */
export function pushJobs(sys: Sys, state: NginxState): Wait {
  for (const job of state.jobs ?? []) {
    if (job.done) continue;
    const wait = pushAsk(sys, job.ask);
    if (wait) return wait;
    job.done = true;
    sys.kernel.touch();
  }
  return {};
}

/** The answer of a server behind, or nginx' own words when there is none. */
function relayed(sys: Sys, ask: HttpAsk, request: HttpRequest, version: string): HttpResponse {
  if (ask.error === undefined) {
    const {
      server: _server,
      date: _date,
      connection: _connection,
      ...headers
    } = typeof ask.keep === "object" ? ask.keep : {};
    return { status: ask.status ?? 200, headers, body: ask.reply ?? "" };
  }
  const late = ask.error === "timeout";
  const what = late
    ? "upstream timed out (110: Connection timed out) while reading response header from upstream"
    : "connect() failed (111: Connection refused) while connecting to upstream";
  sys.complain(
    `${errorLogTime(sys.now)} [error] ${workerPids[0]}#${workerPids[0]}: *1 ${what}, client: ${request.clientIp}, server: , request: "${request.method} ${request.path} HTTP/1.1", upstream: "http://${ask.ip ?? ask.host}:${ask.port}${ask.path}", host: "${request.headers.host ?? request.host}"\n`,
  );
  return late ? page(504, "Gateway Time-out", version) : page(502, "Bad Gateway", version);
}

type Made = Pick<Logged, "response" | "handed">;

/** A request's response, or nothing while it waits for another server's. */
function made(
  sys: Sys,
  state: NginxState,
  server: NginxServer | undefined,
  request: HttpRequest,
): Made | undefined {
  const { version } = sys.container.image;
  const job = state.jobs?.find(({ request: i }) => i === request.id);
  if (job && !job.done) return undefined;
  if (job) {
    state.jobs = state.jobs?.filter((other) => other !== job);
    if (!state.jobs?.length) delete state.jobs;
    sys.kernel.touch();
    const { ask, sinceMs = sys.now } = job;
    const { ip, host, port, status, reply = "" } = ask;
    return {
      response: relayed(sys, ask, request, version),
      handed: { sinceMs, host: ip ?? host, port, ...(status && { status }), bytes: reply.length },
    };
  }
  const response = server
    ? respond(sys, server, request, version)
    : page(404, "Not Found", version);
  if (!("patienceMs" in response)) return { response };
  (state.jobs ??= []).push({ request: request.id ?? 0, ask: response, sinceMs: sys.now });
  // Its next step sends it.
  delete sys.process.wait;
  sys.kernel.touch();
  return undefined;
}

function serveFile(
  sys: Sys,
  server: NginxServer,
  request: HttpRequest,
  version: string,
  full: string,
): HttpResponse {
  const host = request.headers.host ?? request.host;
  const stat = sys.peek(full);
  if (stat?.type === "d" && !full.endsWith("/")) {
    const location = `http://${host}${plainPath(request.path)}/`;
    return { ...page(301, "Moved Permanently", version), headers: { location } };
  }
  const index = server.index.find((name) => sys.peek(full + name)) ?? "";
  const target = stat?.type === "d" ? full + index : full;
  const file = sys.peek(target);
  const complain = (what: string): void =>
    sys.complain(
      `${errorLogTime(sys.now)} [error] ${workerPids[0]}#${workerPids[0]}: *1 ${what}, client: ${request.clientIp}, server: ${server.name}, request: "${request.method} ${request.path} HTTP/1.1", host: "${host}"\n`,
    );
  if (!file) {
    complain(`open() "${target}" failed (2: No such file or directory)`);
    return page(404, "Not Found", version);
  }
  if (file.type === "d") {
    complain(`directory index of "${target}" is forbidden`);
    return page(403, "Forbidden", version);
  }
  if (!sys.access(target, 4)) {
    complain(`open() "${target}" failed (13: Permission denied)`);
    return page(403, "Forbidden", version);
  }
  return {
    status: 200,
    headers: {
      "content-type": mimeType(target, "application/octet-stream"),
      "last-modified": httpDate(file.mtime),
      etag: `"${Math.floor(file.mtime / 1000).toString(16)}-${file.size.toString(16)}"`,
      "accept-ranges": "bytes",
    },
    body: sys.readFile(target),
  };
}

export function answer(sys: Sys, state: NginxState, request: HttpRequest): HttpAnswer | "pending" {
  const { version } = sys.container.image;
  const servers = state.conf ?? ownServers;
  const fitting = servers.filter((server) => server.ports.includes(request.port));
  const host = (request.headers.host ?? "").replace(/:\d+$/, "");
  const server = fitting.find((known) => known.names.includes(host)) ?? fitting[0] ?? servers[0];
  const done = made(sys, state, server, request);
  if (!done) return "pending";
  const response = {
    ...done.response,
    headers: { server: `nginx/${version}`, date: httpDate(sys.now), ...done.response.headers },
  };
  const { quiet, logs } = accessFor(sys, server, request);
  if (!quiet) logAccess({ sys, server, request, ...done, response }, logs);
  return { response };
}

/** How a request is logged: as its location says, else as its server does. */
function accessFor(
  sys: Sys,
  server: NginxServer | undefined,
  request: HttpRequest,
): Pick<NginxServer, "quiet" | "logs"> {
  if (!server?.locations.some(({ access }) => access)) return server ?? {};
  try {
    const work = new MatchWork((microseconds) => sys.charge(microseconds));
    return choose(server, plainPath(request.path), work).location?.access ?? server;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return server;
  }
}
