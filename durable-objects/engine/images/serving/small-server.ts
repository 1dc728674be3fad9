/** What small servers share: targets, answers, Go's way of starting, failing and ending. */
import { endOf } from "../../core/trim.ts";
import { Errno } from "../../runtime/errno.ts";
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import {
  protocolOf,
  type HttpRequest,
  type HttpResponse,
  type Listener,
} from "../../runtime/kernel/state.ts";
import { errorLogTime } from "../../runtime/logs/times.ts";

const unescape = (text: string): string =>
  text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

export interface Target {
  /** Decoded; bytes, as everything in a container. */
  path: string;
  query: Map<string, string>;
}

/** Path and query of a request; a form in the body counts as query, as Go's FormValue and PHP's $_REQUEST have it. */
export function targetOf(request: HttpRequest): Target {
  const [path = "/", ...rest] = request.path.split("?");
  const query = new Map<string, string>();
  const form = /^application\/x-www-form-urlencoded/.test(request.headers["content-type"] ?? "");
  for (const part of [rest.join("?"), form ? request.body : ""].join("&").split("&")) {
    if (part === "") continue;
    const [name = "", value = ""] = part.split(/=(.*)/s);
    const key = unescape(name.replaceAll("+", " "));
    if (!query.has(key)) query.set(key, unescape(value.replaceAll("+", " ")));
  }
  return { path: unescape(path), query };
}

export const answer = (
  body: string,
  type = "text/plain; charset=utf-8",
  status = 200,
  headers: Record<string, string> = {},
): HttpResponse => ({ status, headers: { "content-type": type, ...headers }, body });

/** Type of a body whose Go handler names none. k8s: net/http/sniff.go DetectContentType */
const htmlTags =
  /^[\t\n\f\r ]*(?:<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >]|<!--)/i;
export function goAnswer(body: string, status = 200): HttpResponse {
  const type = htmlTags.test(body) ? "text/html" : "text/plain";
  return answer(body, `${type}; charset=utf-8`, status);
}

export const html = (body: string, status = 200): HttpResponse =>
  answer(body, "text/html; charset=utf-8", status);
export const json = (value: unknown, status = 200): HttpResponse =>
  answer(JSON.stringify(value), "application/json", status);
export const goNotFound = (): HttpResponse =>
  answer("404 page not found\n", undefined, 404, { "x-content-type-options": "nosniff" });

/** Go's http.Redirect. */
export function goRedirect(location: string, status = 302): HttpResponse {
  const made = html(`<a href="${location}">Found</a>.\n\n`, status);
  return { ...made, headers: { ...made.headers, location } };
}

/** `X-Forwarded-For`: how Go and Node programs print header names. */
export const canonical = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());

/** The client as `ip:port`; ports are drawn from the request. */
export const remoteAddress = (request: HttpRequest): string =>
  `${request.clientIp}:${32_768 + (((request.id ?? 0) * 37) % 28_000)}`;

/** `2026/01/01 00:00:00 text` on standard error: Go's log package. */
export function goLog(sys: Sys, text: string): void {
  sys.complain(`${errorLogTime(sys.now)} ${text}\n`);
}

/** The value of `--name value`, `-name=value`, `--name=value`. */
export function flagOf(sys: Sys, name: string): string | undefined {
  const words = sys.argv;
  for (let i = 1; i < words.length; i++) {
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(words[i] ?? "");
    if (match?.[1] === name) return match[2] ?? words[i + 1] ?? "";
  }
  return undefined;
}

export const hasFlag = (sys: Sys, name: string): boolean => {
  const value = flagOf(sys, name);
  return value !== undefined && !["false", "0", "f"].includes(value);
};

/** The port of `:8080`, `0.0.0.0:8080`, `8080`. */
export const portOf = (address: string): number => Number(endOf(address, "0123456789") || 80);

/** Binds a port; when that fails, prints Go's error and returns false. */
export function goListen(
  sys: Sys,
  port: number,
  kind: Listener["kind"] = "h",
  options: { tls?: boolean; certificate?: string; quiet?: boolean } = {},
): boolean {
  try {
    sys.listen(port, kind, options);
    return true;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const why = error.code === "EACCES" ? "permission denied" : "address already in use";
    if (!options.quiet) goLog(sys, `listen ${protocolOf(kind)} :${port}: bind: ${why}`);
    return false;
  }
}

/** The image's boot lines become the log's beginning, computed when it is read. */
export function bootedQuietly(sys: Sys, lines: number): boolean {
  const log = sys.kernel.logs.recordOf(sys.process.container);
  if (sys.pid !== 1 || log.entries > 0 || log.boot) return false;
  log.boot = { image: sys.container.record.spec.image, at: sys.now, lines };
  sys.kernel.touch();
  return true;
}

export interface SmallServer {
  program: string;
  /** Ports, or the exit code of what is refused at once (it has said why). */
  start(sys: Sys): number[] | { exit: number };
  answer(sys: Sys, request: HttpRequest, target: Target): HttpResponse | HttpAnswer;
  memoryMib: number;
  /** Exit code on SIGTERM and SIGINT; "ignored": a PID 1 without handler. Default 2: a Go program's, see below. */
  term?: number | "ignored";
  /** Last words. */
  bye?(sys: Sys, signal: number): void;
  idleCpuMilli?: number;
  title?: string;
}

interface SmallState {
  /** Exit code of a bad start. */
  exitCode?: number;
}

/**
 * A server without memory of its own: its state is empty. Go's runtime catches fatal signals, tries to die of them, and
 * as PID 1, which nothing kills by default, exits with 2.
 */
export function smallServer(spec: SmallServer): Program<SmallState> {
  const term = spec.term ?? 2;
  return {
    name: spec.program,
    storedNames: { fields: { exitCode: "x" } },
    start(sys) {
      const begun = spec.start(sys);
      if (!Array.isArray(begun)) return { exitCode: begun.exit };
      for (const port of begun) if (!goListen(sys, port)) return { exitCode: 1 };
      return {};
    },
    step: (_sys, state) => (state.exitCode === undefined ? { wait: {} } : { exit: state.exitCode }),
    handles: (state, signal) =>
      state.exitCode === undefined && term !== "ignored" && [2, 15, 28].includes(signal),
    signal(sys, _state, signal) {
      spec.bye?.(sys, signal);
      return { exit: sys.pid === 1 || spec.term !== undefined ? (term as number) : 128 + signal };
    },
    http(sys, _state, request) {
      const made = spec.answer(sys, request, targetOf(request));
      return "response" in made ? made : { response: made };
    },
    memoryBytes: () => spec.memoryMib * 1024 * 1024,
    ...(spec.idleCpuMilli ? { idleCpuMilli: () => spec.idleCpuMilli ?? 0 } : {}),
    ...(spec.title ? { title: () => spec.title ?? "" } : {}),
  };
}
