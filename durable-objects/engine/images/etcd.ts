/**
 * etcd as an application's own store, without TLS: its key-value API as its gateway speaks it. The cluster's own, which asks for
 * certificates, only listens. etcd: api/v3/etcdserverpb/gw, server/etcdserver/api/etcdhttp
 */
import { etcdBytesMax } from "../core/limits.ts";
import { Errno } from "../runtime/errno.ts";
import { decodeUtf8, encodeUtf8, fromBase64, toBase64 } from "../runtime/bytes.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import { flagOf, goListen, goNotFound, json } from "./serving/small-server.ts";

interface Entry {
  /** Base64, as it came. */
  value: string;
  created: number;
  modified: number;
  version: number;
}
interface State {
  exitCode?: number;
  /** Of an application's own store. */
  revision?: number;
  entries?: Record<string, Entry>;
}

const textOf = (base64: unknown): string =>
  typeof base64 === "string" ? decodeUtf8(fromBase64(base64) ?? "") : "";
const base64Of = (text: string): string => toBase64(encodeUtf8(text));

function listenAsDeclared(sys: Sys): void {
  for (const { containerPort, protocol } of sys.container.record.spec.ports ?? []) {
    try {
      sys.listen(containerPort, protocol === "UDP" ? "u" : "h", { tls: false });
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }
}

function start(sys: Sys): State {
  const urls = (flagOf(sys, "listen-client-urls") ?? "").split(",");
  const plain = urls.map((url) => /^http:\/\/(.*):(\d+)$/.exec(url)).filter((one) => one !== null);
  if (plain.length === 0) {
    listenAsDeclared(sys);
    return {};
  }
  for (const [, , port] of plain) if (!goListen(sys, Number(port))) return { exitCode: 1 };
  return { revision: 1, entries: {} };
}

const header = (revision: number): object => ({
  cluster_id: "14841639068965178418",
  member_id: "10276657743932975437",
  revision: String(revision),
  raft_term: "2",
});

const failure = (status: number, code: number, message: string): HttpResponse =>
  json({ code, message, details: [] }, status);

/** Keys of a request: one, or from it up to the end of a range. */
function keysOf(entries: Record<string, Entry>, { key, range_end: end }: Asked): string[] {
  const from = textOf(key);
  if (end === undefined) return Object.hasOwn(entries, from) ? [from] : [];
  const to = textOf(end);
  const last = to === "\0" ? undefined : to;
  return Object.keys(entries)
    .filter((one) => one >= from && (last === undefined || one < last))
    .sort();
}

interface Asked {
  key?: string;
  range_end?: string;
  value?: string;
}

function put(state: Required<Pick<State, "revision" | "entries">>, asked: Asked): HttpResponse {
  const key = textOf(asked.key);
  const { value = "" } = asked;
  const known = Object.hasOwn(state.entries, key) ? state.entries[key] : undefined;
  let bytes = key.length + value.length;
  for (const [name, entry] of Object.entries(state.entries))
    if (entry !== known) bytes += name.length + entry.value.length;
  if (bytes > etcdBytesMax) return failure(429, 8, "etcdserver: mvcc: database space exceeded");
  state.revision += 1;
  state.entries[key] = {
    value,
    created: known?.created ?? state.revision,
    modified: state.revision,
    version: (known?.version ?? 0) + 1,
  };
  return json({ header: header(state.revision) });
}

function serve(state: State, request: HttpRequest): HttpResponse {
  const { revision, entries } = state;
  if (request.path === "/health") return json({ health: "true", reason: "" });
  if (revision === undefined || !entries || request.method !== "POST") return goNotFound();
  let asked: Asked;
  try {
    asked = JSON.parse(decodeUtf8(request.body)) as Asked;
  } catch {
    return failure(400, 3, "proto: syntax error");
  }
  const store = state as Required<Pick<State, "revision" | "entries">>;
  switch (request.path) {
    case "/v3/kv/range": {
      const kvs = keysOf(entries, asked).map((key) => {
        const { value, created, modified, version } = entries[key]!;
        return {
          key: base64Of(key),
          create_revision: String(created),
          mod_revision: String(modified),
          version: String(version),
          value,
        };
      });
      return json({ header: header(revision), kvs, count: String(kvs.length) });
    }
    case "/v3/kv/put":
      return put(store, asked);
    case "/v3/kv/deleterange": {
      const keys = keysOf(entries, asked);
      for (const key of keys) delete entries[key];
      if (keys.length > 0) store.revision += 1;
      return json({ header: header(store.revision), deleted: String(keys.length) });
    }
    default:
      return goNotFound();
  }
}

export const etcdProgram: Program<State> = {
  name: "kubernetes:etcd",
  start,
  step: (_sys, state) => (state.exitCode === undefined ? { wait: {} } : { exit: state.exitCode }),
  handles: (_state, signal) => signal === 15 || signal === 2,
  signal: () => ({ exit: 0 }),
  http(sys, state, request) {
    if (
      state.revision === undefined &&
      /^\/(livez|readyz|healthz|health|metrics)\b/.test(request.path)
    )
      return {
        response: {
          ...json("ok"),
          body: "ok",
          headers: { "content-type": "text/plain; charset=utf-8" },
        },
      };
    const response = serve(state, request);
    sys.kernel.touch();
    return { response: { ...response, body: encodeUtf8(response.body) } };
  },
  grpc: () => ({ status: "SERVING" }),
  memoryBytes: () => 44 * 1024 * 1024,
  idleCpuMilli: () => 20,
};
