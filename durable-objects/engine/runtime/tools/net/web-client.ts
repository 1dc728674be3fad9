/** One HTTP exchange after the other, for wget and curl: names, redirects, time limits. */
import { folderOf } from "../../../core/trim.ts";
import { isAddress } from "../../../machinery/ip.ts";
import { siteAt } from "../../net/sites.ts";
import { httpResult, httpStart, lookUp } from "../../net/socket.ts";
import { Errno } from "../../errno.ts";
import type { Step } from "../../kernel/calls.ts";
import type { HttpResponse } from "../../kernel/state.ts";
import type { Sys } from "../../kernel/types.ts";

export interface Url {
  scheme: string;
  host: string;
  port: number;
  path: string;
  user?: string;
}

/** `[http://][user@]host[:port][/path]`; undefined: it is none. */
export function parseUrl(text: string): Url | undefined {
  const match =
    /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:([^@/]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?([/?][^#]*)?(?:#.*)?$/i.exec(
      text,
    );
  if (!match || !match[3]) return undefined;
  const scheme = (match[1] ?? "http").toLowerCase();
  const path = match[5] ?? "/";
  return {
    scheme,
    host: match[3].replace(/^\[|\]$/g, ""),
    port: Number(match[4] || (scheme === "https" ? 443 : scheme === "ftp" ? 21 : 80)),
    path: path.startsWith("?") ? `/${path}` : path,
    ...(match[2] === undefined ? {} : { user: match[2] }),
  };
}

/** The URL a redirect leads to. */
export function follow(from: Url, location: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return location;
  const base = `${from.scheme}://${from.host}${standardPort(from) ? "" : `:${from.port}`}`;
  if (location.startsWith("//")) return `${from.scheme}:${location}`;
  if (location.startsWith("/")) return base + location;
  return `${base}${folderOf(from.path.replace(/\?.*/, ""))}${location}`;
}

export const standardPort = ({ scheme, port }: Url): boolean =>
  port === (scheme === "https" ? 443 : 80);

export const hostHeader = (url: Url): string =>
  standardPort(url) ? url.host : `${url.host}:${url.port}`;

export interface Exchange {
  ip?: string;
  handle?: string;
  began: number;
  /** A name server that does not answer: given up then. */
  lost?: number;
}

export interface Ask {
  url: Url;
  method: string;
  headers: Record<string, string>;
  body: string;
  /** Addresses given for names. */
  known?: Record<string, string>;
  /** Moment by which it must be over. */
  limit?: number;
  /** What has no end is read on: `HttpResponse.stream`. */
  stream?: true;
  /** PEM that is shown over https. */
  clientCertificate?: string;
}

export type Answer =
  | { step: Step }
  | { response: HttpResponse }
  | { error: "name" | "refused" | "timeout" | "unreachable" | "reset" | "limit" };

export const newExchange = (sys: Sys): Exchange => ({ began: sys.now });

/** A resolver tries twice, five seconds each. */
const resolverMs = 10_000;

/** One step of a request: look up, connect, wait; an answer, an error, or what to wait for. */
export function exchange(sys: Sys, state: Exchange, ask: Ask): Answer {
  const { url, limit } = ask;
  const over = limit !== undefined && sys.now >= limit;
  const until = (t?: number): { untilMs?: number } => {
    const at = Math.min(t ?? Infinity, limit ?? Infinity);
    return at === Infinity ? {} : { untilMs: at };
  };
  if (state.ip === undefined) {
    const given = ask.known?.[`${url.host}:${url.port}`];
    const ips = given ? [given] : lookUp(sys, url.host);
    if (ips === "unknown") return { error: "name" };
    if (ips === "timeout") {
      state.lost ??= sys.now + resolverMs;
      if (over) return { error: "limit" };
      if (sys.now >= state.lost) return { error: "name" };
      return { step: { wait: until(state.lost) } };
    }
    state.ip = ips[0]!;
  }
  state.handle ??= httpStart(sys, {
    method: ask.method,
    path: url.path,
    headers: ask.headers,
    body: ask.body,
    host: state.ip,
    port: url.port,
    ...(url.scheme === "https" ? { https: true } : {}),
    ...(url.scheme === "https" && !isAddress(url.host) ? { serverName: url.host } : {}),
    ...(ask.clientCertificate ? { clientCertificate: ask.clientCertificate } : {}),
    ...(ask.stream ? { stream: true } : {}),
  });
  const result = httpResult(sys, state.handle);
  if ("response" in result) return result;
  if ("error" in result) return { error: result.error };
  if (over) return { error: "limit" };
  return { step: { wait: { ...result.wait, ...until(result.wait.untilMs) } } };
}

/** Whether a client trusts the certificate it is shown: those of the simulated outside only. */
export const trusted = (ip: string): boolean => siteAt(ip) !== undefined;

export const connectText: Record<string, string> = {
  refused: new Errno("ECONNREFUSED").message,
  timeout: new Errno("ETIMEDOUT").message,
  unreachable: new Errno("EHOSTUNREACH").message,
};
