/** wget, as busybox has it. */
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { toBase64 } from "../../bytes.ts";
import { reasonOf } from "../../http/http.ts";
import type { HttpResponse } from "../../kernel/state.ts";
import { options, type Options } from "../options.ts";
import { steps, ToolExit, type Io } from "../tool.ts";
import {
  connectText,
  exchange,
  follow,
  hostHeader,
  newExchange,
  parseUrl,
  type Exchange,
  type Url,
} from "./web-client.ts";
import { usage } from "../words.ts";

interface WgetState {
  urls: string[];
  /** After redirects. */
  url?: string;
  hops: number;
  exchange?: Exchange;
  told?: true;
  /** Tries left. */
  tries: number;
  exitCode?: number;
  output?: [number, string][];
}

const long = {
  "output-document": "O",
  quiet: "q",
  timeout: "T",
  tries: "t",
  header: "h",
  "post-data": "p",
  "post-file": "F",
  spider: "s",
  "no-check-certificate": "n",
  "user-agent": "U",
  "directory-prefix": "P",
  "server-response": "S",
  continue: "c",
  "no-verbose": "q",
  method: "m",
  "body-data": "p",
  "no-cache": "n",
  proxy: "Y",
  help: "?",
  version: "?",
};

const parse = (io: Io): Options => options(io, "cqSO:o:P:T:t:U:Y:h:p:F:snm:", long);

function ask(
  io: Io,
  opts: Options,
  url: Url,
): { method: string; headers: Record<string, string>; body: string } {
  const file = opts.value("F");
  const post = opts.value("p") ?? (file === undefined ? undefined : (io.input(file) ?? ""));
  const headers: Record<string, string> = {
    host: hostHeader(url),
    "user-agent": opts.value("U") ?? "Wget",
    connection: "close",
  };
  if (url.user) headers.authorization = `Basic ${toBase64(url.user)}`;
  if (post !== undefined) headers["content-type"] = "application/x-www-form-urlencoded";
  for (const line of opts.values("h")) {
    const [name = "", value = ""] = line.split(/:\s*(.*)/s);
    headers[name.toLowerCase()] = value;
  }
  const method = opts.value("m") ?? (post !== undefined ? "POST" : opts.has("s") ? "HEAD" : "GET");
  return { method, headers, body: post ?? "" };
}

const fileName = (url: Url): string =>
  url.path.replace(/\?.*/, "").replace(/^.*\//, "") || "index.html";

function progress(name: string, size: number): string {
  const units = ["", "k", "M"];
  let shown = size;
  let unit = 0;
  for (; shown >= 100_000 && unit < 2; unit++) shown = Math.floor(shown / 1024);
  return `${name.slice(0, 20).padEnd(20)} 100% |${"*".repeat(32)}| ${(String(shown) + units[unit]).padStart(5)}  0:00:00 ETA\n`;
}

function save(io: Io, opts: Options, url: Url, response: HttpResponse): void {
  const given = opts.value("O");
  const quiet = opts.has("q");
  if (opts.has("s")) {
    if (!quiet) io.err("remote file exists\n");
    return;
  }
  const name = given ?? `${opts.value("P") ? `${opts.value("P")}/` : ""}${fileName(url)}`;
  const out = name === "-";
  if (!given && io.sys.peek(name) && !opts.has("c")) io.fail(`can't open '${name}': File exists`);
  if (!quiet) io.err(out ? "writing to stdout\n" : `saving to '${name}'\n`);
  if (out) io.out(response.body);
  else if (!io.try(`can't open '${name}'`, () => io.sys.writeFile(name, response.body)))
    throw new ToolExit(1);
  if (!quiet)
    io.err(
      progress(out ? "-" : name, response.body.length) +
        (out ? "written to stdout\n" : `'${name}' saved\n`),
    );
}

function headersOf(response: HttpResponse): string {
  const lines = Object.entries(response.headers).map(([name, value]) => `  ${name}: ${value}\n`);
  return `  HTTP/1.1 ${response.status} ${reasonOf(response.status)}\n${lines.join("")}`;
}

/** What became of the answer: a redirect's URL, or nothing when the file is there. */
function judge(io: Io, opts: Options, url: Url, response: HttpResponse): string | undefined {
  if (opts.has("S")) io.err(headersOf(response));
  const { status } = response;
  const location = Object.entries(response.headers).find(
    ([name]) => name.toLowerCase() === "location",
  )?.[1];
  if (status >= 300 && status < 400 && location !== undefined) return follow(url, location);
  if (status < 200 || status >= 300)
    io.fail(`server returned error: HTTP/1.1 ${status} ${reasonOf(status)}`.trimEnd());
  save(io, opts, url, response);
  return undefined;
}

function fetchStep(sys: Sys, io: Io, state: WgetState): Step {
  const opts = parse(io);
  const text = state.url ?? state.urls[0]!;
  const url = parseUrl(text);
  if (!url || !/^(https?|ftp)$/.test(url.scheme)) return io.fail(`not an http or ftp url: ${text}`);
  state.exchange ??= newExchange(sys);
  const seconds = Number(opts.value("T") ?? 900);
  const answer = exchange(sys, state.exchange, {
    url,
    ...ask(io, opts, url),
    limit: state.exchange.began + seconds * 1000,
  });
  if ("error" in answer && answer.error === "name") io.fail(`bad address '${url.host}'`);
  if (!state.told && state.exchange.ip !== undefined) {
    state.told = true;
    if (!opts.has("q"))
      io.err(`Connecting to ${hostHeader(url)} (${state.exchange.ip}:${url.port})\n`);
    if (url.scheme === "https" && !opts.has("n"))
      io.err("wget: note: TLS certificate validation not implemented\n");
  }
  if ("step" in answer) return answer.step;
  if ("error" in answer) {
    if (answer.error === "limit") return io.fail("download timed out");
    if (answer.error === "reset") return io.fail("error getting response");
    return io.fail(
      `can't connect to remote host (${state.exchange.ip}): ${connectText[answer.error]}`,
    );
  }
  delete state.exchange;
  const next = judge(io, opts, url, answer.response);
  if (next !== undefined) {
    if (++state.hops > 5) io.fail("too many redirections");
    state.url = next;
    delete state.told;
    return undefined;
  }
  delete state.url;
  delete state.told;
  state.hops = 0;
  state.urls.shift();
  if (state.urls.length === 0) state.exitCode = 0;
  return undefined;
}

export const wget: Program<WgetState> = steps<WgetState>("wget", {
  storedNames: { fields: { exchange: "e" } },
  first: () => ({ urls: [], hops: 0, tries: 1 }),
  begin(io, state) {
    state.urls = parse(io).rest;
    if (state.urls.length === 0)
      state.exitCode = usage(
        io,
        "wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...",
      );
  },
  step: fetchStep,
});
