/**
 * The server of `kubectl proxy`: connections of the machine, requests parsed from them, and what the API server answers. All of
 * it is plain data that the Ask keeps, so that a request under way goes on after a loss of memory.
 */
import { kubectlOutputHeldCharactersMax, pipeBytesMax, streamBytesMax } from "../../core/limits.ts";
import { encodeUtf8 } from "../../runtime/bytes.ts";
import { Errno } from "../../runtime/errno.ts";
import { parseRequest, responseBytes } from "../../runtime/http/http.ts";
import type { HttpRequest, HttpResponse, Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { accept, readApi, streamNews } from "../../runtime/net/socket.ts";
import {
  exchange,
  newExchange,
  parseUrl,
  type Exchange,
  type Url,
} from "../../runtime/tools/net/web-client.ts";
import { writeSocket } from "../forward/connections.ts";
import { accepts, type Filter } from "./filter.ts";
import { notFound, serveFile } from "./static-files.ts";

/** What the server is told once: plain JSON. */
export interface Served {
  /** Listening descriptor. */
  fd: number;
  /** The API server's address, and what is added to every request. */
  server: string;
  headers: Record<string, string>;
  /** Prefixes of the API and of files, each with its slash at the end. */
  apiPrefix: string;
  staticPrefix: string;
  /** Absent: no files are served. */
  folder?: string;
  /** Absent: all is let through. */
  filter?: Filter;
}

type Request = Pick<HttpRequest, "method" | "path" | "headers" | "body">;

interface Open {
  fd: number;
  /** Bytes read that are no whole request yet, and bytes to be written. */
  input: string;
  output: string;
  /** What follows the output: a file, and how much of it is left. */
  file?: { fd: number; left: number };
  /** The request that waits for the API server. */
  asked?: { request: Request; state: Exchange };
  /** A watch or a followed log that goes on. */
  stream?: string;
  /** It is closed after its output. */
  last?: true;
}

export interface Serving {
  open: Open[];
}

interface Waits {
  readable: number[];
  writable: number[];
  answer: string[];
  untilMs?: number;
}

const plain = (status: number, body: string): HttpResponse => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  body,
});

/** Serves until there is nothing to do now; what to wait for. */
export function serve(sys: Sys, served: Served, serving: Serving): Wait {
  for (let taken = accept(sys, served.fd); taken; taken = accept(sys, served.fd))
    serving.open.push({ fd: taken.fd, input: "", output: "" });
  const waits: Waits = { readable: [served.fd], writable: [], answer: [] };
  serving.open = serving.open.filter((one) => !push(sys, served, one, waits));
  sys.held = serving.open.reduce((sum, one) => sum + one.input.length + one.output.length, 0);
  const { answer, ...wait } = waits;
  return { ...wait, ...(answer.length > 0 ? { answer: answer.join(" ") } : {}) };
}

/** Pushes one connection on; true: it is over. */
function push(sys: Sys, served: Served, one: Open, waits: Waits): boolean {
  for (;;) {
    const flushed = flush(sys, one);
    if (flushed === "broken") return close(sys, one);
    if (flushed === "full") {
      waits.writable.push(one.fd);
      return false;
    }
    if (one.stream !== undefined) {
      const news = streamNews(sys, one.stream);
      if ("wait" in news) {
        waits.answer.push(one.stream);
        return false;
      }
      if (news.bytes) one.output += chunk(news.bytes);
      if (!news.ended) continue;
      one.output += chunk("");
      delete one.stream;
    } else if (one.asked) {
      const wait = pursue(sys, served, one, one.asked);
      if (!wait) continue;
      if (wait.answer !== undefined) waits.answer.push(wait.answer);
      if (wait.untilMs !== undefined)
        waits.untilMs = Math.min(waits.untilMs ?? Infinity, wait.untilMs);
      return false;
    } else if (one.last) return close(sys, one);
    else {
      const more = take(sys, served, one);
      if (more === "wait") {
        waits.readable.push(one.fd);
        return false;
      }
      if (more === "ended") return close(sys, one);
    }
    sys.kernel.touch();
  }
}

function close(sys: Sys, one: Open): true {
  if (one.file) sys.close(one.file.fd);
  if (one.stream !== undefined)
    sys.kernel.context.network?.closeApi?.(sys.kernel.context, one.stream);
  sys.close(one.fd);
  return true;
}

/** Writes what there is to write. */
function flush(sys: Sys, one: Open): "done" | "full" | "broken" {
  for (;;) {
    while (one.output !== "") {
      const written = writeSocket(sys, one.fd, one.output);
      if (written === "broken") return "broken";
      if (written === 0) return "full";
      one.output = one.output.slice(written);
    }
    if (!one.file) return "done";
    const bytes = sys.read(one.file.fd, Math.min(one.file.left, pipeBytesMax)) ?? "";
    one.file.left -= bytes.length;
    one.output = bytes;
    if (one.file.left > 0 && bytes !== "") continue;
    sys.close(one.file.fd);
    delete one.file;
  }
}

/** Takes a request off the connection. */
function take(sys: Sys, served: Served, one: Open): "wait" | "ended" | "taken" {
  const parsed = one.input === "" ? "more" : parseRequest(one.input);
  if (parsed === "more") {
    if (one.input.length > streamBytesMax) return refuse(one, 413, "413 Request Entity Too Large");
    const data = sys.read(one.fd, 32_768);
    if (data === undefined) return "wait";
    if (data === "") return "ended";
    one.input += data;
    return "taken";
  }
  if (parsed === "bad") return refuse(one, 400, "400 Bad Request");
  const { request, used } = parsed;
  one.input = one.input.slice(used);
  if (/close/i.test(request.headers["connection"] ?? "")) one.last = true;
  begin(sys, served, one, request);
  return "taken";
}

function refuse(one: Open, status: number, text: string): "taken" {
  one.last = true;
  one.input = "";
  const headers = { "content-type": "text/plain; charset=utf-8", connection: "close" };
  one.output += responseBytes({ status, headers, body: text });
  return "taken";
}

/** The path below a prefix; undefined: it is another's. Go: http.ServeMux, proxy_server.go stripLeaveSlash */
function begin(sys: Sys, served: Served, one: Open, request: Request): void {
  const [path = "/", query] = request.path.split("?", 2);
  const under = (prefix: string): boolean => path.startsWith(prefix);
  const { folder, staticPrefix, apiPrefix } = served;
  if (
    folder !== undefined &&
    under(staticPrefix) &&
    !(under(apiPrefix) && apiPrefix.length > staticPrefix.length)
  ) {
    const {
      response,
      fd,
      size = 0,
    } = serveFile(sys, folder, `/${path.slice(staticPrefix.length)}`);
    reply(sys, one, request, response);
    if (fd === undefined) return;
    if (request.method === "HEAD" || size === 0) sys.close(fd);
    else one.file = { fd, left: size };
    return;
  }
  if (`${path}/` === apiPrefix)
    return reply(sys, one, request, { status: 301, headers: { location: apiPrefix }, body: "" });
  if (!under(apiPrefix)) return reply(sys, one, request, notFound());
  const rest = apiPrefix.startsWith("/api") ? path : `/${path.slice(apiPrefix.length)}`;
  const allowed =
    !served.filter || accepts(served.filter, request.method, rest, request.headers["host"] ?? "");
  if (!allowed) return reply(sys, one, request, plain(403, "Forbidden\n"));
  const target = query === undefined ? rest : `${rest}?${query}`;
  one.asked = { request: { ...request, path: target }, state: newExchange(sys) };
}

/** Headers that are about one connection. Go: httputil hopHeaders */
const hops = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const passed = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hops.has(name)));

/** Asks the API server on; nothing once there is an answer. */
function pursue(
  sys: Sys,
  served: Served,
  one: Open,
  { request, state }: NonNullable<Open["asked"]>,
): Wait | undefined {
  const url = parseUrl(`${served.server}${request.path}`) as Url;
  const headers = {
    ...passed(request.headers),
    ...served.headers,
    host: served.server.replace(/^[a-z]+:\/\//, "").replace(/\/.*/, ""),
    "x-forwarded-for": "127.0.0.1",
  };
  const { method, body } = request;
  const read = (): HttpResponse | undefined => {
    if (method !== "GET" || state.handle !== undefined) return undefined;
    const found = readApi(sys, {
      method,
      path: url.path,
      headers,
      body,
      host: url.host,
      port: url.port,
      stream: true,
      ...(url.scheme === "https" ? { https: true } : {}),
    });
    return found && !("refused" in found) ? found : undefined;
  };
  const direct = read();
  const answer = direct
    ? { response: direct }
    : exchange(sys, state, { url, method, headers, body, stream: true });
  if ("step" in answer) {
    const { step } = answer;
    return step && "wait" in step ? step.wait : { untilMs: sys.now + 1 };
  }
  delete one.asked;
  if ("error" in answer) {
    const why = `dial tcp ${state.ip ?? url.host}:${url.port}: connect: connection ${answer.error}`;
    reply(sys, one, request, plain(500, encodeUtf8(`${why}\n`)));
    return undefined;
  }
  const { response } = answer;
  if (response.stream === undefined) {
    reply(sys, one, request, response);
    return undefined;
  }
  one.stream = response.stream;
  const streamed: Record<string, string> = passed(response.headers);
  streamed["transfer-encoding"] = "chunked";
  delete streamed["content-length"];
  const whole = responseBytes({ ...response, headers: streamed, body: "" });
  one.output += whole.replace(/content-length: 0\r\n/, "");
  if (response.body) one.output += chunk(response.body);
  return undefined;
}

const chunk = (bytes: string): string => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;

/** An answer goes out; a large body waits in a file without a name. */
function reply(sys: Sys, one: Open, { method }: Request, response: HttpResponse): void {
  const headers = passed(response.headers);
  const head = method === "HEAD";
  const { body } = response;
  if (head || body.length <= kubectlOutputHeldCharactersMax || !spooled(sys, one, body)) {
    one.output += responseBytes({ ...response, headers }, head);
    return;
  }
  headers["content-length"] = String(body.length);
  one.output += responseBytes({ ...response, headers }, true);
}

function spooled(sys: Sys, one: Open, body: string): boolean {
  const path = `/tmp/.kubectl-${sys.pid}-${one.fd}`;
  try {
    const write = sys.open(path, { write: true, create: true, truncate: true }, 0o600);
    const fd = sys.open(path, { read: true });
    sys.unlink(path);
    sys.write(write, body);
    sys.close(write);
    one.file = { fd, left: body.length };
    return true;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return false;
  }
}
