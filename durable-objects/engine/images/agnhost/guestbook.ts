/** agnhost guestbook: a primary that pushes what it is told to replicas, and a frontend. k8s: test/images/agnhost/guestbook/guestbook.go */
import type { Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { askingServer, type AskingState } from "../serving/asking-server.ts";
import { goError, goJson, pushAsk, type HttpAsk, httpAskNames } from "../serving/http-ask.ts";
import { answer, flagOf, goListen, goLog, targetOf } from "../serving/small-server.ts";

interface Book {
  /** Pairs, and addresses of replicas. */
  pairs?: [string, string][];
  replicas?: string[];
  /** Registering with a primary until this moment; next try. */
  until?: number;
  nextTryMs?: number;
}

type Work =
  | { kind: "push"; asks: HttpAsk[] }
  | { kind: "proxy"; asks: HttpAsk[] }
  | { kind: "register"; asks: HttpAsk[] };

type State = AskingState<Work> & Book;

const bookOf = (sys: Sys): State => sys.process.state as State;
const backend = (sys: Sys): number => Number(flagOf(sys, "backend-port") ?? 6379);
const plain = (body: string, status = 200) => ({ response: answer(body, undefined, status) });

const registerAsk = (sys: Sys, primary: string): HttpAsk => ({
  host: primary,
  port: backend(sys),
  path: `/register?host=${sys.kernel.pod.pod.ip}`,
  patienceMs: 5_000,
});

const registerMs = 15_000;

/** Registers with the primary; tries again every second for a while. Returns what to wait for. */
function register(sys: Sys, work: Work): Wait | undefined {
  const state = bookOf(sys);
  const primary = flagOf(sys, "replicaof") ?? "";
  state.until ??= sys.now + registerMs;
  if (state.nextTryMs !== undefined && sys.now < state.nextTryMs)
    return { untilMs: state.nextTryMs };
  delete state.nextTryMs;
  const [ask = registerAsk(sys, primary)] = work.asks;
  work.asks = [ask];
  const wait = pushAsk(sys, ask);
  if (wait) return wait;
  if (ask.error === undefined) {
    const data = (JSON.parse(ask.reply ?? "{}") as { data?: Record<string, string> }).data ?? {};
    state.pairs = Object.entries(data);
    delete state.until;
    goLog(sys, `Registered to node: ${primary}`);
    return undefined;
  }
  goLog(sys, `encountered error while registering to primary: ${goError(ask)}. Retrying in 1s.`);
  work.asks = [];
  if (sys.now >= state.until) {
    goLog(sys, "Timed out while registering to primary.");
    state.exitCode = 1;
    return undefined;
  }
  state.nextTryMs = sys.now + 1000;
  return { untilMs: state.nextTryMs };
}

function all(sys: Sys, asks: HttpAsk[]): Wait | undefined {
  for (const ask of asks) {
    const wait = pushAsk(sys, ask);
    if (wait) return wait;
  }
  return undefined;
}

const server = askingServer<Work>({
  program: "agnhost:guestbook",
  workNames: { fields: { kind: "k" }, inside: { asks: { each: httpAskNames } } },
  memoryMib: 12,
  start: (sys) => (goListen(sys, Number(flagOf(sys, "http-port") ?? 80)) ? undefined : 1),
  begin(sys, request) {
    const { path, query } = targetOf(request);
    const state = bookOf(sys);
    const [key = "", value = ""] = [query.get("key"), query.get("value")];
    switch (path) {
      case "/register": {
        const host = query.get("host") ?? "";
        goLog(sys, `GET /register?host=${host}`);
        state.replicas = [...(state.replicas ?? []), host];
        goLog(sys, `Node '${host}' registered.`);
        return plain(goJson({ data: Object.fromEntries(state.pairs ?? []) }));
      }
      case "/get": {
        goLog(sys, `GET /get?key=${key}`);
        const data =
          key === ""
            ? Object.fromEntries(state.pairs ?? [])
            : (new Map(state.pairs).get(key) ?? "");
        return plain(goJson({ data }));
      }
      case "/set": {
        goLog(sys, `GET /set?key=${key}&value=${value}`);
        if (key === "") return plain("cannot set with empty key.\n", 400);
        state.pairs = [...new Map(state.pairs).set(key, value)];
        const asks = (state.replicas ?? []).map((host): HttpAsk => ({
          host,
          port: backend(sys),
          path: `/set?key=${encodeURIComponent(key)}&value=${encodeURIComponent(value)}`,
          patienceMs: 5_000,
        }));
        return { job: { kind: "push", asks } };
      }
      case "/guestbook": {
        const cmd = (query.get("cmd") ?? "").toLowerCase();
        goLog(sys, `GET /guestbook?cmd=${cmd}&key=${key}&value=${value}`);
        if (cmd !== "get" && cmd !== "set") return plain(`unsupported cmd: '${cmd}'\n`, 400);
        if (cmd === "set" && key === "") return plain("cannot set with empty key.\n", 400);
        const host = cmd === "get" ? "agnhost-replica" : "agnhost-primary";
        const target = `/${cmd}?key=${encodeURIComponent(key)}&value=${encodeURIComponent(value)}`;
        return {
          job: {
            kind: "proxy",
            asks: [{ host, port: backend(sys), path: target, patienceMs: 5_000 }],
          },
        };
      }
      default:
        return plain("404 page not found\n", 404);
    }
  },
  push: (sys, work) => (work.kind === "register" ? register(sys, work) : all(sys, work.asks)),
  finish(_sys, work) {
    const failed = work.asks.find((ask) => ask.error);
    if (work.kind === "push")
      return failed
        ? plain(
            `encountered error while propagating to replica '${failed.host}': ${goError(failed)}\n`,
            417,
          )
        : plain('{"message":"Updated"}');
    if (failed?.error === "name")
      return plain(
        `host and/or port param are invalid. lookup ${failed.host} on 10.96.0.10:53: no such host\n`,
        400,
      );
    return failed
      ? plain(`encountered error: ${goError(failed)}\n`, 417)
      : plain(work.asks[0]?.reply ?? "");
  },
  term: (sys, _state, signal) => ({ exit: sys.pid === 1 ? 2 : 128 + signal }),
});

export const agnhostGuestbook = {
  ...server,
  storedNames: {
    ...server.storedNames,
    fields: { ...server.storedNames?.fields, pairs: "v", replicas: "r", nextTryMs: "t" },
  },
  start(sys: Sys): State {
    const state: State = server.start(sys);
    // Its own first work: nobody asked for it, and it is forgotten when done.
    if (flagOf(sys, "replicaof"))
      state.jobs.push({ request: -1, work: { kind: "register", asks: [] } });
    return state;
  },
};
