/** Requests of kubectl's over the simulated network, one HTTP exchange each, and streams that an answer began. */
import { decodeUtf8 } from "../runtime/bytes.ts";
import { lookUp, readApi, streamNews } from "../runtime/net/socket.ts";
import { exchange, newExchange, parseUrl, type Exchange } from "../runtime/tools/net/web-client.ts";
import type { HttpResponse } from "../runtime/kernel/state.ts";
import type { Sys } from "../runtime/kernel/types.ts";
import { ask, at, type Kept, type Work } from "./work.ts";
import { answered, until } from "./waits.ts";

export interface HttpCall {
  method: string;
  /** Whole URL. */
  url: string;
  headers: Record<string, string>;
  /** Binary string. */
  body?: string;
  /** An answer without end is read on with `events`. */
  stream?: boolean;
  /** Virtual ms after which it is given up. */
  timeoutMs?: number;
  /** PEM that is shown over https. */
  clientCertificate?: string;
}

export type HttpDone =
  | { response: HttpResponse }
  /** `ip` where the name was found. */
  | { error: "name" | "refused" | "timeout" | "unreachable" | "reset" | "limit"; ip?: string };

/** One exchange. What only reads from the API server is answered within the step. */
export const http = (call: HttpCall): Work<HttpDone> =>
  ask<HttpDone>({
    perform(sys, kept) {
      const url = parseUrl(call.url);
      if (!url) return { answer: { error: "name" } };
      if (kept["e"] === undefined) {
        const done = atOnce(sys, call);
        if (done) return { answer: done };
      }
      const state = (kept["e"] ??= newExchange(sys)) as Exchange;
      const limit = call.timeoutMs ? state.began + call.timeoutMs : undefined;
      const answer = exchange(sys, state, {
        url,
        method: call.method,
        headers: call.headers,
        body: call.body ?? "",
        ...(call.stream ? { stream: true as const } : {}),
        ...(call.clientCertificate ? { clientCertificate: call.clientCertificate } : {}),
        ...(limit === undefined ? {} : { limit }),
      });
      if ("response" in answer) return { answer };
      if ("error" in answer)
        return { answer: { error: answer.error, ...(state.ip ? { ip: state.ip } : {}) } };
      return answer.step && "wait" in answer.step ? answer.step : { wait: until(sys.now + 1) };
    },
  });

function atOnce(sys: Sys, call: HttpCall): HttpDone | undefined {
  const url = parseUrl(call.url);
  if (!url || call.method !== "GET") return undefined;
  const found = lookUp(sys, url.host);
  if (typeof found === "string") return undefined;
  const ip = found[0] as string;
  const response = readApi(sys, {
    method: "GET",
    path: url.path,
    headers: call.headers,
    body: "",
    host: ip,
    port: url.port,
    ...(url.scheme === "https" ? { https: true } : {}),
    ...(call.clientCertificate ? { clientCertificate: call.clientCertificate } : {}),
    ...(call.stream ? { stream: true as const } : {}),
  });
  if (!response) return undefined;
  return "refused" in response ? { error: "refused", ip } : { response };
}

export interface News {
  text: string;
  ended: boolean;
  /** The moment that was waited for has come first. */
  late?: true;
}

/** What comes next of a stream, at the latest at a moment (virtual ms). */
export const events = (handle: string, untilMs?: number): Work<News> =>
  ask<News>({
    perform(sys: Sys, _kept: Kept) {
      const news = streamNews(sys, handle);
      if (!("wait" in news)) return { answer: { text: decodeUtf8(news.bytes), ended: news.ended } };
      if (untilMs !== undefined && sys.now >= untilMs)
        return { answer: { text: "", ended: false, late: true } };
      return { wait: answered(handle, untilMs) };
    },
  });

/** What comes next of any of several streams. */
export const firstEvents = (handles: readonly string[]): Work<{ handle: string; news: News }> =>
  ask<{ handle: string; news: News }>({
    perform(sys: Sys) {
      for (const handle of handles) {
        const news = streamNews(sys, handle);
        if ("wait" in news) continue;
        return { answer: { handle, news: { text: decodeUtf8(news.bytes), ended: news.ended } } };
      }
      return { wait: answered(handles.join(" ")) };
    },
  });

/** Nobody reads a stream any more. */
export const closeStream = (handle: string): Work<null> =>
  at((sys) => {
    sys.kernel.context.network?.closeApi?.(sys.kernel.context, handle);
    return null;
  });
