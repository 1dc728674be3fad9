/** agnhost's subcommands that look, print and end. k8s: test/images/agnhost */
import { lookup } from "../../core/lookup.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { binaryOf, bytesOf, toBase64 } from "../../runtime/bytes.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { Step } from "../../runtime/kernel/calls.ts";
import type { Wait } from "../../runtime/kernel/state.ts";
import { goDurationMs } from "../echo-family.ts";
import { pushAsk, type HttpAsk, httpAskNames } from "../serving/http-ask.ts";
import { klogTime } from "../../runtime/logs/times.ts";
import { mounttest, type MountTestState, mountTestNames } from "./mounttest.ts";
import { flagOf, goLog } from "../serving/small-server.ts";
import { dial, hangUp, addressOf } from "../serving/sockets.ts";

/** `n`, `t`, `until` mean the same in every check that goes on for a while. */
export interface CheckState extends MountTestState {
  sub: string;
  exitCode?: number;
  ask?: HttpAsk;
}

/** Exit code, or what to wait for. */
type Check = (sys: Sys, state: CheckState) => number | Wait;

const methods = ["GET", "POST", "PUT"];
const namespaces = ["kube-system", "default", "ns"];

function logLine(sys: Sys, id: number): string {
  const pick = (list: string[]): string => list[Math.floor(sys.random() * list.length)] ?? "";
  const letters = "bcdfghjklmnpqrstvwxz2456789".split("");
  const name = Array.from({ length: 3 + Math.floor(sys.random() * 2) }, () => pick(letters)).join(
    "",
  );
  return `${id} ${pick(methods)} /api/v1/namespaces/${pick(namespaces)}/pods/${name} ${200 + Math.floor(sys.random() * 400)}`;
}

function logsGenerator(sys: Sys, state: CheckState): number | Wait {
  const total = Number(flagOf(sys, "log-lines-total") ?? flagOf(sys, "t") ?? 0);
  const duration = goDurationMs(flagOf(sys, "run-duration") ?? flagOf(sys, "d") ?? "0") ?? 0;
  if (!(total > 0) || duration <= 0) {
    const why = total > 0 ? "Invalid duration: 0s" : `Invalid total number of lines: ${total || 0}`;
    sys.complain(`${klogTime(sys.now).replace("I", "F")}       1 logs_generator.go:62] ${why}\n`);
    return 255;
  }
  const start = sys.process.startedAtMs;
  for (;;) {
    const next = start + (state.rounds * duration) / total;
    if (sys.now < next) return { untilMs: Math.ceil(next) };
    if (state.rounds >= total) return 0;
    sys.complain(
      `${klogTime(sys.now)}       1 logs_generator.go:76] ${logLine(sys, state.rounds)}\n`,
    );
    state.rounds++;
  }
}

interface Destination {
  host: string;
  port: number;
  timeout: number;
}

/** Its complaint, and that it has failed. */
function fails(sys: Sys, text: string): number {
  sys.complain(`${text}\n`);
  return 1;
}

function connectUdp(sys: Sys, state: CheckState, to: Destination): number | Wait {
  const { host, port, timeout } = to;
  const udp = `${flagOf(sys, "udp-data") ?? "hostname"}\n`;
  state.ask ??= { host, port, path: "", patienceMs: timeout || 3_600_000, udp };
  const wait = pushAsk(sys, state.ask);
  if (wait) return wait;
  const at = `read udp ${sys.kernel.pod.pod.ip}:40000->${state.ask.ip}:${port}:`;
  if (state.ask.error === "refused") return fails(sys, `REFUSED: ${at} read: connection refused`);
  return state.ask.error ? fails(sys, `TIMEOUT: ${at} i/o timeout`) : 0;
}

/** Without a timeout it gives up at once. k8s: test/images/agnhost/connect/connect.go connectSCTP */
function connectSctp(sys: Sys, state: CheckState, to: Destination): number | Wait {
  const { host, port, timeout } = to;
  if (timeout === 0) return fails(sys, "TIMEOUT");
  const udp = `${flagOf(sys, "sctp-data") ?? "hostname"}\n`;
  state.ask ??= { host, port, path: "", patienceMs: timeout, udp, sctp: true };
  const wait = pushAsk(sys, state.ask);
  if (wait) return wait;
  if (state.ask.error === "refused") return fails(sys, "OTHER: connection refused");
  return state.ask.error ? fails(sys, "TIMEOUT") : 0;
}

function connect(sys: Sys, state: CheckState): number | Wait {
  const dest =
    sys.argv
      .slice(2)
      .find(
        (word, i, words) =>
          !word.startsWith("-") &&
          !/^--?(timeout|protocol|udp-data|sctp-data)$/.test(words[i - 1] ?? ""),
      ) ?? "";
  const fail = (text: string): number => fails(sys, text);
  const split = /^(.*):(\d+)$/.exec(dest);
  if (!split) return fail(`UNKNOWN: address ${dest}: missing port in address`);
  const [, host = "", port] = split;
  if (addressOf(sys, host) === undefined)
    return fail(`DNS: lookup ${host} on 10.96.0.10:53: no such host`);
  const timeout = goDurationMs(flagOf(sys, "timeout") ?? "0") ?? 0;
  const to = { host, port: Number(port), timeout };
  if (flagOf(sys, "protocol") === "sctp") return connectSctp(sys, state, to);
  if (flagOf(sys, "protocol") === "udp") return connectUdp(sys, state, to);
  state.until ??= timeout ? sys.now + timeout : Number.MAX_SAFE_INTEGER;
  if (sys.now >= state.until) return fail("TIMEOUT");
  const dialled = dial(sys, host, Number(port));
  if ("dueAtMs" in dialled)
    return { untilMs: Math.min(Math.max(dialled.dueAtMs, sys.now + 1), state.until) };
  if ("socket" in dialled) {
    hangUp(sys, dialled.socket);
    return 0;
  }
  const words = {
    refused: "REFUSED",
    timeout: "TIMEOUT",
    unreachable: `OTHER: dial tcp ${dest}: connect: no route to host`,
    reset: "REFUSED",
    name: "DNS",
  };
  return fail(words[dialled.error]);
}

function resolvConf(sys: Sys, word: string): string[] {
  return sys
    .readFile("/etc/resolv.conf")
    .split("\n")
    .filter((line) => line.startsWith(`${word} `))
    .flatMap((line) => line.split(/\s+/).slice(1));
}

const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";

function inClusterClient(sys: Sys, state: CheckState): Wait {
  if (state.nextMs === undefined || sys.now >= state.nextMs) {
    const token = sys.peek(tokenFile) ? sys.readFile(tokenFile) : "";
    const hash = toBase64(binaryOf(sha256(bytesOf(`Bearer ${token}`))))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
    sys.write(1, "calling /healthz\n");
    sys.write(1, `authz_header=${hash}\n`);
    state.nextMs = sys.now + Number(flagOf(sys, "poll-interval") ?? 30) * 1000;
  }
  return { untilMs: state.nextMs };
}

export const agnhostChecks: Record<string, Check> = lookup({
  mounttest,
  "logs-generator": logsGenerator,
  connect,
  inclusterclient: inClusterClient,
  "entrypoint-tester"(sys) {
    sys.write(1, `[${sys.argv.join(" ")}]\n`);
    return 0;
  },
  nonewprivs(sys) {
    sys.write(1, `Effective uid: ${sys.who.uid}\n`);
    return 0;
  },
  "etc-hosts"(sys) {
    sys.write(1, sys.readFile("/etc/hosts"));
    return 0;
  },
  "dns-suffix"(sys) {
    sys.write(1, `${resolvConf(sys, "search").join(",")}\n`);
    return 0;
  },
  "dns-server-list"(sys) {
    sys.write(1, `${resolvConf(sys, "nameserver").join(",")}\n`);
    return 0;
  },
  "test-service-account-issuer-discovery"(sys) {
    const path = flagOf(sys, "token-path") ?? tokenFile;
    if (!sys.peek(path)) {
      goLog(sys, `open ${path}: no such file or directory`);
      return 1;
    }
    goLog(sys, "OK: Got token");
    goLog(sys, "validating with in-cluster discovery");
    goLog(sys, "OK: Got OIDC issuer https://kubernetes.default.svc.cluster.local");
    goLog(sys, "OK: Validated claims on JWT");
    return 0;
  },
});

export const agnhostCheck: Program<CheckState> = {
  name: "agnhost:check",
  storedNames: {
    fields: { ...mountTestNames, exitCode: "x" },
    inside: { ask: httpAskNames },
  },
  start: (sys) => ({ sub: sys.argv[1] ?? "", rounds: 0 }),
  step(sys, state): Step {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    const result = agnhostChecks[state.sub]?.(sys, state) ?? 1;
    return typeof result === "number" ? { exit: result } : { wait: result };
  },
  memoryBytes: () => 10_000_000,
};
