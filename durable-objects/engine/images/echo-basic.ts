/** The Gateway API's echo-basic: a server that tells of each request as JSON, and who answered. sigs.k8s.io/gateway-api conformance/echo-basic */
import { echoRetriesKept } from "../core/limits.ts";
import { buildLayer } from "../runtime/fs/layer.ts";
import { runtimeFiles } from "../runtime/image/base-files.ts";
import { clientProblem } from "../machinery/x509/certificate.ts";
import { Errno } from "../runtime/errno.ts";
import type { HttpAnswer } from "../runtime/kernel/calls.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import type { ImageDefinition } from "./define.ts";
import { goDurationMs } from "./echo-family.ts";
import {
  answer,
  canonical,
  goListen,
  remoteAddress,
  targetOf,
  type Target,
} from "./serving/small-server.ts";

interface State {
  exitCode?: number;
  /** Attempts that were failed, by the client's name for them, the oldest first. */
  attempts: [uuid: string, count: number][];
}

const portIn = (sys: Sys, name: string, standard: number): number =>
  Number(sys.env[name] || standard);

/** Kubernetes' fields of who answers, in Go's order. */
const contextOf = ({ env }: Sys): Record<string, string> => ({
  namespace: env["NAMESPACE"] ?? "",
  ingress: env["INGRESS_NAME"] ?? "",
  service: env["SERVICE_NAME"] ?? "",
  pod: env["POD_NAME"] ?? "",
});

/** Certificates that a client showed, which it is asked for where authorities are known. */
function peersOf(
  sys: Sys,
  { clientCertificate = "" }: HttpRequest,
): { peerCertificates?: string[] } {
  const peers = clientCertificate.match(
    /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g,
  );
  return peers && sys.env["TLS_CLIENT_CACERTS"] ? { peerCertificates: peers } : {};
}

/** A file's text, or in Go's words why there is none. */
function fileText(sys: Sys, path: string): string | { problem: string } {
  try {
    return sys.readFile(path);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return { problem: `open ${path}: ${error.message.toLowerCase()}` };
  }
}

/** The handshake fails for a certificate that no authority stands behind; without any, it does not. */
function isStranger(sys: Sys, { https, clientCertificate }: HttpRequest): boolean {
  const authorities = sys.env["TLS_CLIENT_CACERTS"];
  if (!https || !clientCertificate || !authorities) return false;
  const roots = fileText(sys, authorities);
  return (
    typeof roots !== "string" || clientProblem(clientCertificate, roots, sys.now) !== undefined
  );
}

/** Go's encoding/json writes these so. */
const goJson = (value: unknown): string =>
  JSON.stringify(value, undefined, 1).replace(
    /[<>&]/g,
    (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`,
  );

function echo(sys: Sys, request: HttpRequest, { query }: Target): HttpAnswer {
  sys.write(
    1,
    `Echoing back request made to ${request.path} to client (${remoteAddress(request)})\n`,
  );
  const delay = query.get("delay") ?? "";
  const delayMs = delay === "" ? 0 : goDurationMs(delay);
  if (delayMs === undefined)
    return {
      response: answer(
        goJson({ message: `time: invalid duration ${JSON.stringify(delay)}` }),
        "application/json",
        500,
        { "x-content-type-options": "nosniff" },
      ),
    };
  const { host = request.host, ...headers } = request.headers;
  const shown = Object.entries(headers)
    .map(([name, value]): [string, string[]] => [canonical(name), [value]])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const told = {
    path: request.path,
    host,
    method: request.method,
    proto: "HTTP/1.1",
    headers: Object.fromEntries(shown),
    httpPort: String(portIn(sys, "HTTP_PORT", 3000)),
    ...contextOf(sys),
    ...(request.https
      ? {
          tls: {
            version: "TLSv1.3",
            ...peersOf(sys, request),
            serverName: request.serverName ?? host.replace(/:\d+$/, ""),
            cipherSuite: "TLS_AES_128_GCM_SHA256",
          },
        }
      : {}),
  };
  const response = answer(goJson(told), "application/json", 200, {
    ...headersAskedFor(request),
    "x-content-type-options": "nosniff",
  });
  return { response, ...(delayMs > 0 ? { delayMs } : {}) };
}

/** `X-Echo-Set-Header: name:value, other:value` */
function headersAskedFor({ headers }: HttpRequest): Record<string, string> {
  const out = new Map<string, string>();
  for (const part of (headers["x-echo-set-header"] ?? "").split(",").filter(Boolean)) {
    const [name = "", value = ""] = part.trim().split(/:(.*)/s);
    const before = out.get(name);
    if (name !== "") out.set(name, before === undefined ? value : `${before},${value.trim()}`);
  }
  return Object.fromEntries(out);
}

/** Fails a client's first attempts, then echoes. */
function retry(sys: Sys, state: State, request: HttpRequest, target: Target): HttpAnswer | "reset" {
  const { query } = target;
  const uuid = query.get("uuid") ?? "";
  const bad = (text: string): HttpAnswer => ({ response: answer(text, undefined, 400) });
  if (uuid === "") return bad("uuid is required");
  const until = query.get("succeedAfter") ?? "";
  if (!/^[+-]?\d+$/.test(until)) return bad("succeedAfter is required");
  const before = state.attempts.find(([one]) => one === uuid);
  const count = before?.[1] ?? 0;
  if (count >= Number(until)) return echo(sys, request, target);
  const others = state.attempts.filter((one) => one !== before).slice(1 - echoRetriesKept);
  state.attempts = [...others, [uuid, count + 1]];
  sys.kernel.touch();
  const delayMs = goDurationMs(query.get("delayRetry") ?? "") ?? 0;
  const code = query.get("responseCode") ?? "";
  if (!/^[1-9]\d\d$/.test(code)) return "reset";
  const response: HttpResponse = { status: Number(code), headers: {}, body: "" };
  return { response, ...(delayMs > 0 ? { delayMs } : {}) };
}

function route(sys: Sys, state: State, request: HttpRequest): HttpAnswer | "reset" {
  if (isStranger(sys, request)) return "reset";
  const target = targetOf(request);
  const path = target.path.replaceAll("//", "/");
  if (request.port === portIn(sys, "H2C_PORT", 3001)) {
    const upgrades = request.headers["upgrade"] === "h2c";
    if (!upgrades) return { response: answer("Expected h2c request", undefined, 400) };
  }
  if (path === "/health") return { response: answer("OK") };
  if (path.startsWith("/status/")) {
    const code = /^\/status\/(\d\d\d)$/.exec(request.path)?.[1];
    return { response: { status: Number(code ?? 400), headers: {}, body: "" } };
  }
  if (path.startsWith("/retry/")) return retry(sys, state, request, target);
  // No WebSocket reaches a server through HTTP exchanges.
  if (path === "/ws") return { response: { status: 400, headers: {}, body: "" } };
  return echo(sys, request, target);
}

const echoBasic: Program<State> = {
  name: "gateway-echo-basic",
  storedNames: { fields: { exitCode: "x", attempts: "a" } },
  start(sys) {
    const state: State = { attempts: [] };
    const fail = (why: string): void => {
      sys.complain(`panic: Failed to start listening: ${why}\n`);
      state.exitCode = 2;
    };
    const listen = (port: number, what: string, certificate?: string): void => {
      sys.write(1, `Starting server, listening on port ${port} (${what})\n`);
      const shown = certificate === undefined ? undefined : fileText(sys, certificate);
      if (typeof shown === "object") return fail(shown.problem);
      const tls = shown === undefined ? {} : { tls: true, certificate: shown };
      if (!goListen(sys, port, "h", { ...tls, quiet: true }))
        fail(`listen tcp :${port}: bind: address already in use`);
    };
    listen(portIn(sys, "HTTP_PORT", 3000), "http");
    listen(portIn(sys, "H2C_PORT", 3001), "h2c");
    if (sys.env["TLS_SERVER_CERT"] && sys.env["TLS_SERVER_PRIVKEY"])
      listen(portIn(sys, "HTTPS_PORT", 8443), "https", sys.env["TLS_SERVER_CERT"]);
    return state;
  },
  step: (_sys, state) => (state.exitCode === undefined ? { wait: {} } : { exit: state.exitCode }),
  handles: (state, signal) => state.exitCode === undefined && [2, 15].includes(signal),
  signal: (sys, _state, signal) => ({ exit: sys.pid === 1 ? 2 : 128 + signal }),
  http: (sys, state, request) => route(sys, state, request),
  memoryBytes: () => 8 * 1024 * 1024,
};

const layer = buildLayer({ "/echo-basic": { program: "gateway-echo-basic" } }, runtimeFiles);

export const echoBasicImage: ImageDefinition = {
  repositories: [
    "registry.k8s.io/gateway-api/echo-basic",
    "gcr.io/k8s-staging-gateway-api/echo-basic",
  ],
  resolveTag: (tag) =>
    /^v(1\.\d(\.\d+)?(-[a-z0-9.]+)?|20\d{6}-v\d[\w.-]*)$/.test(tag)
      ? tag
      : tag === "latest"
        ? "v1.6.1"
        : undefined,
  version: (version) => ({
    version,
    entrypoint: ["/echo-basic"],
    cmd: [],
    env: {},
    user: "65532:65532",
    layer,
    sizeBytes: 9_862_430,
  }),
  programs: [echoBasic],
};
