/** agnhost's plain servers: a table of subcommands. k8s: test/images/agnhost */
import { lookup } from "../../core/lookup.ts";
import type { HttpAnswer, Step } from "../../runtime/kernel/calls.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { HttpRequest, Listener } from "../../runtime/kernel/state.ts";
import {
  canonical,
  flagOf,
  goAnswer,
  goListen,
  goLog,
  goNotFound,
  goRedirect,
  hasFlag,
  remoteAddress,
  targetOf,
} from "../serving/small-server.ts";
import { fakeRegistry } from "./fake-registry.ts";
import { testWebserver } from "./file-server.ts";
import type { Arrived } from "../../runtime/net/network-port.ts";
import { accept } from "../../runtime/net/socket.ts";
import { writeAll } from "../serving/sockets.ts";

export interface ServerState {
  sub: string;
  /** Started, virtual ms. */
  startedAtMs: number;
  /** Turns unhealthy at this moment; has turned; was told to be so or not. */
  at?: number;
  bad?: true;
  forced?: boolean;
  /** Listening descriptor of a raw server. */
  listener?: number;
  /** Ends at this moment, with this code. */
  end?: number;
  exitCode?: number;
  /** nettest: who wrote. */
  got?: [string, number][];
}

interface Subcommand {
  /** Binds; an exit code when it cannot. */
  start(sys: Sys, state: ServerState): number | void;
  http?(sys: Sys, state: ServerState, request: HttpRequest): HttpAnswer["response"];
  datagram?(sys: Sys, arrived: Arrived): string | undefined;
  /** Exit code on SIGTERM. */
  term?(sys: Sys, state: ServerState, signal: number): Step;
}

const plain = goAnswer;
const uptime = (sys: Sys, state: ServerState): number => (sys.now - state.startedAtMs) / 1000;

const porterEnv = /^SERVE_(PORT|TCP_PORT|UDP_PORT|TLS_PORT|SCTP_PORT)_(\d+)$/;
const porterKinds = lookup<Listener["kind"]>({ UDP_PORT: "u", SCTP_PORT: "s" });

/** A port that shows the certificate of a file, the image's own where the environment names none. */
function pairListen(sys: Sys, port: number): void {
  const [certFile = "", keyFile = ""] = [
    sys.env["CERT_FILE"] || "localhost.crt",
    sys.env["KEY_FILE"] || "localhost.key",
  ];
  const missing = [certFile, keyFile].find((file) => sys.peek(file)?.type !== "f");
  if (missing === undefined)
    return void goListen(sys, port, "h", { tls: true, certificate: sys.readFile(certFile) });
  goLog(
    sys,
    `tls server on port "${port}" with certFile="${certFile}", keyFile="${keyFile}" failed: open ${missing}: no such file or directory`,
  );
}

/** Ports of SERVE_PORT_8080=text and its like. */
function porter(sys: Sys): void {
  for (const name of Object.keys(sys.env)) {
    const [, kind, port] = porterEnv.exec(name) ?? [];
    if (port === undefined) continue;
    if (kind === "UDP_PORT") goLog(sys, `Started UDP server on port ${port}`);
    if (kind === "SCTP_PORT") goLog(sys, "Started SCTP server");
    if (kind === "TLS_PORT") pairListen(sys, Number(port));
    else goListen(sys, Number(port), porterKinds[kind as string] ?? "h");
  }
}

const porterText = (sys: Sys, port: number, kinds: string[]): string =>
  kinds.map((kind) => sys.env[`SERVE_${kind}_${port}`]).find((text) => text !== undefined) ?? "";

export const agnhostServers: Record<string, Subcommand> = lookup({
  pause: {
    start: (sys) => void sys.write(1, "Paused\n"),
    term: (_sys, _state, signal) => ({ exit: signal === 2 ? 1 : 2 }),
  },
  "serve-hostname": {
    start(sys, state) {
      const port = Number(flagOf(sys, "port") ?? 9376);
      const [tcp, udp] = [hasFlag(sys, "tcp"), hasFlag(sys, "udp")];
      if (tcp) state.listener = sys.listen(port, "t");
      if (udp && !goListen(sys, port, "u")) return 1;
      if (!tcp && !udp && !goListen(sys, port)) return 1;
      goLog(sys, `Serving on port ${port}.`);
    },
    http(sys, _state, request) {
      goLog(sys, `HTTP request from ${remoteAddress(request)}`);
      const response = plain(sys.container.hostname);
      if (hasFlag(sys, "close")) response.headers.connection = "close";
      return response;
    },
    datagram: (sys) => sys.container.hostname,
    term(sys, state) {
      goLog(sys, "Shutting down after receiving signal: terminated.");
      goLog(sys, "Awaiting pod deletion.");
      state.end = sys.now + 60_000;
      state.exitCode = 0;
      return undefined;
    },
  },
  liveness: {
    start(sys, state) {
      state.at = sys.now + 10_000;
      return goListen(sys, Number(flagOf(sys, "port") ?? 8080)) ? undefined : 1;
    },
    http(sys, state, request) {
      const { path, query } = targetOf(request);
      if (path === "/started") return plain(`${uptime(sys, state)}s`);
      if (path === "/redirect") return goRedirect(query.get("loc") ?? "");
      if (path !== "/healthz") return goNotFound();
      const seconds = uptime(sys, state);
      return seconds > 10 ? plain(`error: ${seconds}`, 500) : plain("ok");
    },
  },
  "test-webserver": testWebserver,
  porter: {
    start: (sys) => porter(sys),
    http(sys, _state, request) {
      const body = porterText(sys, request.port, ["PORT", "TCP_PORT", "TLS_PORT"]);
      if (!hasFlag(sys, "json-response")) return plain(body);
      return plain(JSON.stringify({ Method: request.method, Body: body }));
    },
    datagram(sys, { port, sctp }) {
      if (!sctp) return porterText(sys, port, ["UDP_PORT"]);
      goLog(sys, "Sending response");
      goLog(sys, "Response sent");
      return porterText(sys, port, ["SCTP_PORT"]);
    },
  },
  "http-echo": {
    start: (sys) => (goListen(sys, Number(flagOf(sys, "port") ?? 8080)) ? undefined : 1),
    http: (_sys, _state, request) =>
      plain(
        Object.entries(request.headers)
          .map(([name, value]) => `${canonical(name)}: ${value}\n`)
          .join(""),
      ),
  },
  "grpc-health-checking": {
    start(sys, state) {
      const port = Number(flagOf(sys, "port") ?? 5000);
      const http = Number(flagOf(sys, "http-port") ?? 8080);
      const delay = Number(flagOf(sys, "delay-unhealthy-sec") ?? -1);
      if (delay >= 0) state.at = sys.now + delay * 1000;
      goLog(sys, `Http server starting to listen on :${http}`);
      goLog(sys, `gRPC server starting to listen on :${port}`);
      return goListen(sys, http) && goListen(sys, port, "g") ? undefined : 1;
    },
    http(sys, state, request) {
      const { path } = targetOf(request);
      if (path !== "/make-serving" && path !== "/make-not-serving") return goNotFound();
      state.forced = path === "/make-not-serving";
      goLog(sys, `Mark as ${state.forced ? "un" : ""}healthy`);
      sys.kernel.touch();
      return plain(`${uptime(sys, state)}s`);
    },
  },
  "fake-registry-server": fakeRegistry,
  nettest: {
    start: (sys) => (goListen(sys, Number(flagOf(sys, "port") ?? 8080)) ? undefined : 1),
    http(sys, state, request) {
      const { path } = targetOf(request);
      const Hostname = sys.container.hostname;
      if (path === "/status")
        return plain(
          (state.got ?? []).length >= Number(flagOf(sys, "peers") ?? 8) ? "pass" : "running",
        );
      if (path === "/read")
        return plain(
          JSON.stringify(
            {
              Hostname,
              Sent: null,
              Received: Object.fromEntries(state.got ?? []),
              Errors: null,
              Log: null,
              StillContactingPeers: true,
            },
            null,
            "\t",
          ),
        );
      if (path !== "/write") return goNotFound();
      const source = /"Source":\s*"([^"]*)"/.exec(request.body)?.[1];
      if (source) {
        const counts = new Map(state.got);
        state.got = [...counts.set(source, (counts.get(source) ?? 0) + 1)];
        sys.kernel.touch();
      }
      return plain(`${JSON.stringify({ Hostname })}\n`);
    },
  },
});

/** One program for all of them: the subcommand stands in its state. */
export const agnhostServer: Program<ServerState> = {
  name: "agnhost:server",
  storedNames: { fields: { exitCode: "x", startedAtMs: "t", listener: "l" } },
  start(sys) {
    const sub = sys.argv[1] ?? "";
    const state: ServerState = { sub, startedAtMs: sys.now };
    const code = agnhostServers[sub]?.start(sys, state);
    if (code) state.exitCode = code;
    return state;
  },
  step(sys, state) {
    if (state.exitCode !== undefined && sys.now >= (state.end ?? 0))
      return { exit: state.exitCode };
    if (state.end !== undefined) return { wait: { untilMs: state.end } };
    if (state.at !== undefined && sys.now >= state.at) {
      delete state.at;
      state.bad = true;
    }
    if (state.listener !== undefined)
      for (let taken = accept(sys, state.listener); taken; taken = accept(sys, state.listener)) {
        goLog(sys, `TCP request from ${taken.from}`);
        writeAll(sys, taken.fd, sys.container.hostname);
        sys.close(taken.fd);
      }
    return {
      wait: {
        ...(state.at === undefined ? {} : { untilMs: state.at }),
        ...(state.listener === undefined ? {} : { readable: [state.listener] }),
      },
    };
  },
  handles: (state, signal) => state?.exitCode === undefined && (signal === 15 || signal === 2),
  signal(sys, state, signal) {
    const { term } = agnhostServers[state.sub] ?? {};
    return term ? term(sys, state, signal) : { exit: sys.pid === 1 ? 2 : 128 + signal };
  },
  http: (sys, state, request) => ({
    response: agnhostServers[state.sub]?.http?.(sys, state, request) ?? goNotFound(),
  }),
  datagram: (sys, state, arrived) => agnhostServers[state.sub]?.datagram?.(sys, arrived),
  grpc(sys, state, service) {
    goLog(sys, "Serving the Check request for health check");
    if (service !== (flagOf(sys, "service") ?? ""))
      return { error: "rpc error: code = NotFound desc = unknown service" };
    return { status: (state.forced ?? state.bad) ? "NOT_SERVING" : "SERVING" };
  },
  memoryBytes: () => 12_000_000,
};
