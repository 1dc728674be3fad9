/** curl. */
import { toBase64 } from "../../bytes.ts";
import { reasonOf } from "../../http/http.ts";
import { streamNews } from "../../net/socket.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import type { HttpResponse } from "../../kernel/state.ts";
import { parse } from "./curl-options.ts";
import { clientCertificate } from "./curl-certificate.ts";
import type { Options } from "../options.ts";
import { steps, ToolExit, type Io } from "../tool.ts";
import {
  exchange,
  follow,
  hostHeader,
  newExchange,
  parseUrl,
  trusted,
  type Ask,
  type Exchange,
  type Url,
} from "./web-client.ts";

const version = "8.17.0";

interface CurlState {
  urls: string[];
  url?: string;
  hops: number;
  exchange?: Exchange;
  told?: true;
  began: number;
  /** An answer without end that is being read, and the file that it goes to. */
  stream?: { from: string; to?: string };
  /** Tries left, and when the next one is. */
  tries: number;
  again?: number;
  code: number;
  exitCode?: number;
  output?: [number, string][];
}

function body(io: Io, opts: Options): string | undefined {
  const parts = [...opts.values("d"), ...opts.values("β")].map((text) =>
    text.startsWith("@") ? (io.input(text.slice(1)) ?? "").replace(/[\r\n]/g, "") : text,
  );
  for (const text of opts.values("α")) {
    const [name, value] = text.includes("=") ? text.split(/=(.*)/s) : ["", text];
    parts.push(`${name ? `${name}=` : ""}${encodeURIComponent(value ?? "")}`);
  }
  const upload = opts.value("T");
  if (upload !== undefined) return io.input(upload) ?? "";
  return parts.length ? parts.join("&") : undefined;
}

function askOf(io: Io, opts: Options, url: Url): Ask {
  const data = body(io, opts);
  const inQuery = opts.has("G") && data !== undefined;
  const headers: Record<string, string> = {
    host: hostHeader(url),
    "user-agent": opts.value("A") ?? `curl/${version}`,
    accept: "*/*",
  };
  const user = opts.value("u") ?? url.user;
  if (user !== undefined) headers.authorization = `Basic ${toBase64(user)}`;
  if (opts.has("b")) headers.cookie = opts.value("b")!;
  if (data !== undefined && !inQuery && !opts.has("T"))
    headers["content-type"] = opts.has("β")
      ? "application/json"
      : "application/x-www-form-urlencoded";
  if (opts.has("β")) headers.accept = "application/json";
  for (const line of opts.values("H")) {
    const [name = "", value] = line.split(/:\s*(.*)/s);
    if (value === undefined || value === "") delete headers[name.toLowerCase()];
    else headers[name.toLowerCase()] = value;
  }
  const known: Record<string, string> = {};
  for (const given of opts.values("η")) {
    const [host, port, ip] = given.split(/:([^:]*):(.*)/s);
    known[`${host}:${port}`] = ip ?? "";
  }
  const method =
    opts.value("X") ??
    (opts.has("I")
      ? "HEAD"
      : opts.has("T")
        ? "PUT"
        : data !== undefined && !inQuery
          ? "POST"
          : "GET");
  const path = inQuery ? `${url.path}${url.path.includes("?") ? "&" : "?"}${data}` : url.path;
  return { url: { ...url, path }, method, headers, body: inQuery ? "" : (data ?? ""), known };
}

function headText(response: HttpResponse, prefix = ""): string {
  const lines = Object.entries(response.headers);
  if (!lines.some(([name]) => name.toLowerCase() === "content-length") && response.body)
    lines.push(["Content-Length", String(response.body.length)]);
  const list = lines.map(([name, value]) => `${prefix}${name}: ${value}\r\n`).join("");
  return `${prefix}HTTP/1.1 ${response.status} ${reasonOf(response.status)}\r\n${list}${prefix}\r\n`;
}

function meter(io: Io, size: number): void {
  const columns = (n: number): string => String(n).padStart(5);
  const title =
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n" +
    "                                 Dload  Upload   Total   Spent    Left  Speed\n";
  const row = (percent: number, bytes: number): string =>
    `\r${String(percent).padStart(3)} ${columns(bytes)}  ${String(percent).padStart(3)} ${columns(bytes)}    0     0  ${columns(bytes)}      0 --:--:-- --:--:-- --:--:-- ${columns(bytes)}`;
  io.err(`${title}${row(0, 0)}${size ? row(100, size) : ""}\n`);
}

function written(
  io: Io,
  state: CurlState,
  url: string,
  format: string,
  response: HttpResponse | undefined,
): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(6);
  const total = Math.max(1, io.sys.now - state.began);
  const header = (name: string): string =>
    Object.entries(response?.headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1] ?? "";
  const values: Record<string, string> = {
    http_code: String(response?.status ?? 0).padStart(3, "0"),
    response_code: String(response?.status ?? 0).padStart(3, "0"),
    time_total: seconds(total),
    time_connect: seconds(1),
    time_namelookup: seconds(1),
    time_starttransfer: seconds(total),
    size_download: String(response?.body.length ?? 0),
    remote_ip: state.exchange?.ip ?? "",
    remote_port: String(parseUrl(url)?.port ?? ""),
    url_effective: url,
    url,
    content_type: header("content-type"),
    num_redirects: String(state.hops),
    redirect_url: header("location"),
    exitcode: "0",
    scheme: parseUrl(url)?.scheme ?? "",
    http_version: "1.1",
    method: "GET",
  };
  return format
    .replace(/%\{(\w+)\}/g, (_w, name: string) => values[name] ?? "")
    .replace(/\\([ntr\\])/g, (_w, c: string) => ({ n: "\n", t: "\t", r: "\r" })[c] ?? "\\");
}

/** Ends this URL with an error, or arranges another try. */
function failed(
  io: Io,
  state: CurlState,
  opts: Options,
  code: number,
  text: string,
  retry: boolean,
): void {
  if (retry && state.tries > 0) {
    const delay = Number(opts.value("ε") ?? 1);
    if (!opts.has("s"))
      io.err(
        `curl: (${code}) ${text}\nWarning: Problem: ${text}. Will retry in ${delay} second. ${state.tries} retry left.\n`,
      );
    state.tries--;
    state.again = io.sys.now + delay * 1000;
    delete state.exchange;
    delete state.told;
    return;
  }
  if (!opts.has("s") && !opts.has("v") && !io.sys.terminal(1) && ![3, 6].includes(code))
    meter(io, 0);
  if (!opts.has("s") || opts.has("S")) io.err(`curl: (${code}) ${text}\n`);
  const format = opts.value("w");
  if (format !== undefined)
    io.out(written(io, state, state.url ?? state.urls[0]!, format, undefined));
  nextUrl(state, code);
}

function nextUrl(state: CurlState, code: number): void {
  state.code = code;
  for (const name of ["url", "exchange", "told", "again", "stream"] as const) delete state[name];
  state.urls.shift();
  if (state.urls.length === 0) state.exitCode = state.code;
}

function answered(io: Io, state: CurlState, opts: Options, url: Url, response: HttpResponse): void {
  const text = state.url ?? state.urls[0]!;
  if (opts.has("v"))
    io.err(
      `${headText(response, "< ").replace(/\r/g, "")}${response.body ? `{ [${response.body.length} bytes data]\n` : ""}* Connection #0 to host ${url.host} left intact\n`,
    );
  const location = Object.entries(response.headers).find(
    ([name]) => name.toLowerCase() === "location",
  )?.[1];
  const shows = opts.has("I") || opts.has("i");
  if (opts.has("L") && response.status >= 300 && response.status < 400 && location !== undefined) {
    if (shows) io.out(headText(response));
    if (++state.hops > 50)
      return failed(io, state, opts, 47, "Maximum (50) redirects followed", false);
    state.url = follow(url, location);
    delete state.exchange;
    delete state.told;
    return;
  }
  if (opts.has("f") && response.status >= 400)
    return failed(
      io,
      state,
      opts,
      22,
      `The requested URL returned error: ${response.status}`,
      response.status >= 500,
    );
  const content = (shows ? headText(response) : "") + (opts.has("I") ? "" : response.body);
  const file =
    opts.value("o") ??
    (opts.has("O") ? url.path.replace(/\?.*/, "").replace(/^.*\//, "") : undefined);
  if (file === "") return failed(io, state, opts, 23, "Failed to extract a filename", false);
  const toFile = file !== undefined && file !== "-";
  if (!opts.has("s") && !opts.has("v") && (toFile || !io.sys.terminal(1)))
    meter(io, response.body.length);
  if (toFile) {
    if (!io.try(file, () => io.sys.writeFile(file, content))) return nextUrl(state, 23);
  } else io.out(content);
  if (response.stream !== undefined) {
    state.stream = { from: response.stream, ...(toFile ? { to: file } : {}) };
    return;
  }
  const format = opts.value("w");
  if (format !== undefined) io.out(written(io, state, text, format, response));
  nextUrl(state, 0);
}

/** What comes of an answer that has no end, as it comes. */
function readOn(sys: Sys, io: Io, state: CurlState, from: string, to: string | undefined): Step {
  const news = streamNews(sys, from);
  if ("wait" in news) return news;
  if (to === undefined) io.out(news.bytes);
  else sys.writeFile(to, news.bytes, { write: true, create: true, append: true });
  if (news.ended) nextUrl(state, 0);
  return undefined;
}

const failures = {
  refused: 7,
  unreachable: 7,
  timeout: 28,
  reset: 56,
};

/** No answer came: says why in curl's words. */
function unreachable(
  io: Io,
  state: CurlState,
  opts: Options,
  url: Url,
  error: string,
  spent: number,
  connecting: boolean,
): void {
  if (error === "limit") {
    const why = connecting
      ? `Connection timed out after ${spent + 1} milliseconds`
      : `Operation timed out after ${spent + 1} milliseconds with 0 bytes received`;
    return failed(io, state, opts, 28, why, true);
  }
  if (error === "reset")
    return failed(io, state, opts, 56, "Recv failure: Connection reset by peer", true);
  const code = failures[error as "refused"];
  const why = `Failed to connect to ${url.host} port ${url.port} after ${spent} ms: Could not connect to server`;
  failed(io, state, opts, code, why, code === 28 || opts.has("ζ"));
}

function curlStep(sys: Sys, io: Io, state: CurlState): Step {
  if (state.stream) return readOn(sys, io, state, state.stream.from, state.stream.to);
  const opts = parse(io);
  if (state.again !== undefined) {
    if (sys.now < state.again) return { wait: { untilMs: state.again } };
    delete state.again;
  }
  const text = state.url ?? state.urls[0]!;
  const url = parseUrl(text);
  const bad = (code: number, why: string): Step => void failed(io, state, opts, code, why, false);
  if (!url) return bad(3, "URL rejected: No host part in the URL");
  if (!/^https?$/.test(url.scheme)) return bad(1, `Protocol "${url.scheme}" not supported`);
  state.exchange ??= newExchange(sys);
  const all =
    opts.value("m") === undefined ? Infinity : state.began + Number(opts.value("m")) * 1000;
  const connecting =
    opts.value("γ") === undefined
      ? Infinity
      : state.exchange.began + Number(opts.value("γ")) * 1000;
  const limit = Math.min(all, connecting);
  const ask = askOf(io, opts, url);
  const shown = url.scheme === "https" ? clientCertificate(io, opts) : {};
  if ("problem" in shown) return bad(58, shown.problem);
  const answer = exchange(sys, state.exchange, {
    ...ask,
    ...shown,
    stream: true,
    ...(limit === Infinity ? {} : { limit }),
  });
  const { ip = "" } = state.exchange;
  if ("error" in answer && answer.error === "name")
    return void failed(io, state, opts, 6, `Could not resolve host: ${url.host}`, true);
  if (!state.told && ip) {
    state.told = true;
    if (opts.has("v")) io.err(`*   Trying ${ip}:${url.port}...\n`);
  }
  if ("step" in answer) return answer.step;
  const spent = Math.max(0, sys.now - state.exchange.began);
  if ("error" in answer)
    return void unreachable(io, state, opts, url, answer.error, spent, connecting < all);
  if (opts.has("v")) {
    const lines = Object.entries(ask.headers).map(
      ([name, value]) => `> ${title(name)}: ${value}\n`,
    );
    io.err(
      `* Connected to ${url.host} (${ip}) port ${url.port}\n> ${ask.method} ${ask.url.path} HTTP/1.1\n${lines.join("")}> \n* Request completely sent off\n`,
    );
  }
  if (url.scheme === "https" && !opts.has("k") && !opts.has("θ") && !trusted(ip))
    return bad(
      60,
      "SSL certificate problem: unable to get local issuer certificate\nMore details here: https://curl.se/docs/sslcerts.html\n\ncurl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the webpage mentioned above.",
    );
  answered(io, state, opts, url, answer.response);
  return undefined;
}

const title = (name: string): string => name.replace(/(^|-)[a-z]/g, (part) => part.toUpperCase());

const tryHelp = "curl: try 'curl --help' or 'curl --manual' for more information\n";

export const curl: Program<CurlState> = steps<CurlState>("curl", {
  storedNames: { fields: { exchange: "e", stream: "s" } },
  first: () => ({ urls: [], hops: 0, began: 0, tries: 0, code: 0 }),
  begin(io, state) {
    state.began = io.sys.now;
    let opts: Options;
    try {
      opts = parse(io);
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      io.err(tryHelp);
      throw new ToolExit(2);
    }
    state.urls = [...opts.values("@"), ...opts.rest];
    state.tries = Number(opts.value("δ") ?? 0);
    if (opts.has("V")) {
      io.out(`curl ${version} (x86_64-pc-linux-gnu) libcurl/${version}\nProtocols: http https\n`);
      state.exitCode = 0;
    } else if (state.urls.length === 0) {
      io.err(`curl: (2) no URL specified\n${tryHelp}`);
      state.exitCode = 2;
    }
  },
  step: curlStep,
});
