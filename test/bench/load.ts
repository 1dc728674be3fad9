/** A client that measures: requests at a rate, and news to watchers. */
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as httpsRequest } from "node:https";

export interface Rate {
  perSecond: number;
  p50Ms: number;
  p95Ms: number;
}

const lanes = { keepAlive: true, maxSockets: 16 };
const unbounded = { keepAlive: false, maxSockets: Infinity };
/** A server's own certificate is taken as it is: it is on loopback. */
const trusting = { rejectUnauthorized: false };
const agents = {
  http: { requests: new Agent(lanes), streams: new Agent(unbounded) },
  https: {
    requests: new TlsAgent({ ...lanes, ...trusting }),
    streams: new TlsAgent({ ...unbounded, ...trusting }),
  },
};

/** Sent with every request to a server that knows its clients by a token. */
const tokens = new Map<string, string>();
export const useToken = (origin: string, token: string): void => void tokens.set(origin, token);

interface Sent {
  body?: unknown;
  type?: string;
  accept?: string;
  /** A stream that stays open, on a connection of its own. */
  stream?: boolean;
}

function open(method: string, url: string, sent: Sent = {}): Promise<IncomingMessage> {
  const { origin, protocol } = new URL(url);
  const text = sent.body === undefined ? undefined : JSON.stringify(sent.body);
  const token = tokens.get(origin);
  const headers = {
    accept: sent.accept ?? "application/json",
    ...(text ? { "content-type": sent.type ?? "application/json" } : {}),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  const secure = protocol === "https:";
  const agent = agents[secure ? "https" : "http"][sent.stream ? "streams" : "requests"];
  return new Promise((resolve, reject) => {
    const sent = (secure ? httpsRequest : httpRequest)(url, { method, headers, agent }, resolve);
    sent.on("error", reject);
    sent.end(text);
  });
}

/** The answer's body. An error for a status of 400 or more. */
export async function ask(
  method: string,
  url: string,
  body?: unknown,
  type?: string,
  accept?: string,
): Promise<string> {
  const response = await open(method, url, {
    ...(body === undefined ? {} : { body }),
    ...(type ? { type } : {}),
    ...(accept ? { accept } : {}),
  });
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) text += chunk;
  if ((response.statusCode ?? 500) >= 400)
    throw new Error(`${method} ${url}: ${text.slice(0, 300)}`);
  return text;
}

export const quantile = (sorted: number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

/** `count` requests, `parallel` at a time. */
export async function rate(
  count: number,
  parallel: number,
  one: (i: number) => Promise<unknown>,
): Promise<Rate> {
  for (let i = 0; i < 20; i++) await one(-1 - i);
  const times: number[] = [];
  let next = 0;
  const began = performance.now();
  const lane = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const before = performance.now();
      await one(i);
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  return { perSecond: count / seconds, p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95) };
}

/** From before the write to its arrival at every watcher. */
export async function fanOut(
  watched: string,
  written: string,
  watchers: number,
  writes: number,
): Promise<Rate> {
  const times: number[] = [];
  let sentAt = 0;
  let missing = 0;
  let done = (): void => undefined;
  const opened: IncomingMessage[] = [];
  for (let i = 0; i < watchers; i += 50) {
    const some = Array.from({ length: Math.min(50, watchers - i) }, () =>
      open("GET", watched, { stream: true }),
    );
    opened.push(...(await Promise.all(some)));
  }
  for (const stream of opened) {
    stream.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => {
      if (!chunk.includes("MODIFIED")) return;
      times.push(performance.now() - sentAt);
      if (--missing === 0) done();
    });
  }
  let spent = 0;
  for (let i = 0; i < writes + 3; i++) {
    if (i === 3) times.length = 0;
    missing = watchers;
    sentAt = performance.now();
    const all = new Promise<void>((resolve) => (done = resolve));
    await ask("PATCH", written, { data: { n: String(i) } }, "application/merge-patch+json");
    await all;
    if (i >= 3) spent += performance.now() - sentAt;
  }
  for (const stream of opened) stream.destroy();
  times.sort((a, b) => a - b);
  return {
    perSecond: (times.length / spent) * 1000,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
  };
}
