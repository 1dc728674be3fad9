/** agnhost netexec: answers over HTTP and UDP, dials others, runs commands, ends when asked. k8s: test/images/agnhost/netexec/netexec.go */
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { HttpRequest, Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import type { Arrived } from "../../runtime/net/network-port.ts";
import { askingServer, type AskingState } from "../serving/asking-server.ts";
import { goDurationMs } from "../echo-family.ts";
import { goError, goJson, pushAsk, type HttpAsk, httpAskNames } from "../serving/http-ask.ts";
import { plainTime } from "../../runtime/logs/times.ts";
import {
  answer,
  canonical,
  flagOf,
  goAnswer,
  goListen,
  goLog,
  goNotFound,
  goRedirect,
  remoteAddress,
  targetOf,
  type Target,
} from "../serving/small-server.ts";

type Work =
  | {
      kind: "dial";
      request: string;
      udp?: true;
      left: number;
      ask: HttpAsk;
      responses: string[];
      errors: string[];
      last?: string;
    }
  | { kind: "shell"; command: string; pid?: number; fd?: number; out: string; status?: number }
  | { kind: "exit"; code: number; at: number; quiet?: true };

const plain = (body: string, status = 200): HttpAnswer => ({
  response: goAnswer(body, status),
});

const goQuote = (text: string): string => JSON.stringify(text);

function dial(sys: Sys, { query }: Target): HttpAnswer | { job: Work } {
  const [host = "", port = "", request = "", protocol = "", tries = ""] = [
    "host",
    "port",
    "request",
    "protocol",
    "tries",
  ].map((name) => query.get(name) ?? "");
  goLog(
    sys,
    `GET /dial?host=${host}&protocol=${protocol}&port=${port}&request=${request}&tries=${tries}`,
  );
  if (tries !== "" && !/^\d+$/.test(tries))
    return plain(
      `tries parameter is invalid. strconv.Atoi: parsing ${goQuote(tries)}: invalid syntax\n`,
      400,
    );
  if (request === "") return plain("request parameter not specified. <nil>\n", 400);
  const kind = protocol.toLowerCase();
  if (!["", "http", "udp", "sctp"].includes(kind))
    return plain(`unsupported protocol. ${protocol}\n`, 400);
  const udp = kind === "udp";
  const sctp = kind === "sctp";
  const ask: HttpAsk = {
    host,
    port: Number(port),
    path: `/${request}`,
    patienceMs: 5_000,
    ...(udp || sctp ? { udp: request } : {}),
    ...(sctp ? { sctp } : {}),
  };
  const left = Math.min(Math.max(Number(tries || 1), 1), 50);
  return {
    job: {
      kind: "dial",
      request,
      ...(udp ? { udp: true } : {}),
      left,
      ask,
      responses: [],
      errors: [],
    },
  };
}

/** Where nobody answers, upstream's goes on dialling for minutes. k8s: netexec.go dialSCTP */
const sctpError = ({ error }: HttpAsk): string =>
  `sctp dial failed. err:${error === "refused" ? "connection refused" : "connection timed out"}`;

function pushDial(sys: Sys, work: Work & { kind: "dial" }): Wait | undefined {
  while (work.left > 0) {
    const wait = pushAsk(sys, work.ask);
    if (wait) return wait;
    const { host, port, path, patienceMs, udp, sctp } = work.ask;
    if (work.ask.error === undefined) work.responses.push((work.last = work.ask.reply ?? ""));
    else {
      work.last = "";
      work.errors.push(
        work.ask.sctp
          ? sctpError(work.ask)
          : work.udp
            ? `reading from udp connection failed. err:'read udp ${sys.kernel.pod.pod.ip}:${work.ask.from ?? 0}->${work.ask.ip ?? host}:${port}: ${work.ask.error === "refused" ? "read: connection refused" : "i/o timeout"}'`
            : goError(work.ask),
      );
    }
    work.left--;
    work.ask = {
      host,
      port,
      path,
      patienceMs,
      ...(udp === undefined ? {} : { udp }),
      ...(sctp ? { sctp } : {}),
    };
  }
  return undefined;
}

function pushShell(sys: Sys, work: Work & { kind: "shell" }): Wait | undefined {
  if (work.fd === undefined) {
    const [read, write] = sys.pipe();
    const pid = sys.fork({}, "pause");
    const child = sys.child(pid);
    child.dup(write, 1);
    child.dup(write, 2);
    child.close(read);
    child.close(write);
    sys.close(write);
    child.exec("/bin/sh", ["/bin/sh", "-c", work.command], sys.env);
    work.fd = read;
    work.pid = pid;
  }
  if (work.status === undefined) {
    const ended = sys.wait(work.pid);
    if (ended) work.status = ended === "none" ? 0 : ended.status;
  }
  for (;;) {
    const data = sys.read(work.fd);
    if (data === undefined)
      return { readable: [work.fd], ...(work.status === undefined ? { childEnd: true } : {}) };
    if (data === "") break;
    work.out = (work.out + data).slice(0, 64 * 1024);
  }
  if (work.status === undefined) return { childEnd: true };
  sys.close(work.fd);
  return undefined;
}

function exitRequest(sys: Sys, { query }: Target): HttpAnswer | { job: Work } {
  const [code = "", timeout = "", wait = ""] = ["code", "timeout", "wait"].map(
    (name) => query.get(name) ?? "",
  );
  goLog(sys, `GET /exit?code=${code}&timeout=${timeout}&wait=${wait}`);
  for (const [name, text] of [
    ["timeout", timeout],
    ["wait", wait],
  ] as const)
    if (text !== "" && goDurationMs(text) === undefined)
      return plain(
        `argument '${name}' must be a valid golang duration or empty, got ${goQuote(text)}\n`,
      );
  if (code !== "" && !/^-?\d+$/.test(code))
    return plain(`argument 'code' must be an integer [0-127] or empty, got ${goQuote(code)}`);
  goLog(
    sys,
    `Will begin shutdown in ${wait || "0s"}, allowing ${timeout || "0s"} for connections to close, then will exit with ${Number(code)}`,
  );
  return { job: { kind: "exit", code: Number(code), at: sys.now + (goDurationMs(wait) ?? 0) } };
}

function begin(sys: Sys, request: HttpRequest): HttpAnswer | { job: Work } {
  const override = flagOf(sys, "http-override");
  const shown = override ? { ...request, method: "GET", path: override, body: "" } : request;
  const target = targetOf(shown);
  const { path, query } = target;
  const value = (name: string): string => query.get(name) ?? "";
  switch (path) {
    case "/clientip":
      goLog(sys, "GET /clientip");
      return plain(remoteAddress(request));
    case "/hostname":
    case "/hostName":
      goLog(sys, `GET ${path}`);
      return plain(sys.container.hostname);
    case "/healthz":
      goLog(sys, "GET /healthz");
      return plain("");
    case "/readyz":
      goLog(sys, "GET /readyz");
      return (sys.process.state as AskingState<Work>).end === undefined
        ? plain("ok")
        : plain("shutting down", 503);
    case "/header":
      return header(sys, request, value("key"));
    case "/serverport":
      goLog(sys, "GET /serverport");
      return plain(flagOf(sys, "http-port") ?? "8080");
    case "/echo":
      return echo(sys, value("msg"), value("code"));
    case "/redirect":
      return redirect(sys, request.method, value("location"), value("code"));
    case "/dial":
      return dial(sys, target);
    case "/exit":
      return exitRequest(sys, target);
    case "/shutdown":
      goLog(sys, "GET /shutdown");
      return { job: { kind: "exit", code: 0, at: sys.now, quiet: true } };
    case "/shell": {
      const command = value("shellCommand") || value("cmd");
      goLog(sys, `GET /shell?cmd=${command}`);
      return { job: { kind: "shell", command, out: "" } };
    }
    case "/upload":
      return upload(sys, request);
    default:
      goLog(sys, "GET /");
      return path.startsWith("/")
        ? plain(`NOW: ${plainTime(sys.now)}.000000000 +0000 UTC`)
        : { response: goNotFound() };
  }
}

function echo(sys: Sys, msg: string, code: string): HttpAnswer {
  goLog(sys, `GET /echo?msg=${msg}&code=${code}`);
  if (code !== "" && !/^\d{3}$/.test(code))
    return plain(`argument 'code' must be an integer or empty, got ${goQuote(code)}\n`);
  return plain(msg, code === "" ? 200 : Number(code));
}

function redirect(sys: Sys, method: string, location: string, code: string): HttpAnswer {
  goLog(sys, `${method} /redirect?msg=${location}&code=${code}`);
  return { response: goRedirect(location, Number(code || 302)) };
}

function header(sys: Sys, request: HttpRequest, key: string): HttpAnswer {
  goLog(sys, key === "" ? "GET /header" : `GET /header?key=${key}`);
  if (key !== "") return plain(request.headers[key.toLowerCase()] ?? "");
  const all = Object.entries(request.headers)
    .filter(([name]) => name !== "host")
    .map(([name, text]) => [canonical(name), [text]] as const);
  return plain(goJson(Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)))));
}

function upload(sys: Sys, request: HttpRequest): HttpAnswer {
  goLog(sys, "GET /upload");
  const boundary = /boundary="?([^";]+)/.exec(request.headers["content-type"] ?? "")?.[1];
  const part =
    boundary && request.body.split(`--${boundary}`).find((one) => /name="file"/.test(one));
  if (!part) return plain('{"error":"Unable to upload file."}');
  const content = part.slice(part.indexOf("\r\n\r\n") + 4).replace(/\r\n$/, "");
  const file = `/uploads/upload${Math.floor(sys.random() * 1e9)}`;
  sys.writeFile(file, content);
  sys.chmod(file, 0o700);
  goLog(sys, `Wrote upload to ${file}`);
  return { response: answer(goJson({ output: file }), undefined, 201) };
}

const server = askingServer<Work>({
  program: "agnhost:netexec",
  workNames: { fields: { kind: "k" }, inside: { ask: httpAskNames } },
  memoryMib: 12,
  start(sys) {
    const http = Number(flagOf(sys, "http-port") ?? 8080);
    const udp = Number(flagOf(sys, "udp-port") ?? 8081);
    goLog(sys, `Started HTTP server on port ${http}`);
    const pair = ["tls-cert-file", "tls-private-key-file"].map((flag) => flagOf(sys, flag));
    const missing = pair.find((file) => file && sys.peek(file)?.type !== "f");
    if (missing) {
      goLog(sys, `open ${missing}: no such file or directory`);
      return 1;
    }
    const secure = pair[0] ? { tls: true, certificate: sys.readFile(pair[0]) } : {};
    if (!goListen(sys, http, "h", secure)) return 1;
    const sctp = Number(flagOf(sys, "sctp-port") ?? -1);
    if (sctp >= 0) {
      if (!goListen(sys, sctp, "s")) return 1;
      goLog(sys, "Started SCTP server");
    }
    if (udp < 0) return undefined;
    goLog(sys, `Started UDP server on port  ${udp}`);
    return goListen(sys, udp, "u") ? undefined : 1;
  },
  begin,
  push(sys, work) {
    if (work.kind === "dial") return pushDial(sys, work);
    if (work.kind === "shell") return pushShell(sys, work);
    if (sys.now < work.at) return { untilMs: work.at };
    (sys.process.state as AskingState<Work>).exitCode = work.code;
    if (!work.quiet) goLog(sys, "Graceful shutdown completed with: <nil>");
    return undefined;
  },
  finish(sys, work) {
    if (work.kind === "dial") {
      const output = {
        ...(work.errors.length ? { errors: work.errors } : {}),
        ...(work.last ? { responses: work.responses } : {}),
      };
      return plain(goJson(output));
    }
    if (work.kind === "exit") return plain("");
    const output = {
      ...(work.status ? { error: `exit status ${work.status}` } : {}),
      ...(work.out ? { output: work.out } : {}),
    };
    goLog(
      sys,
      `Output: map[${Object.entries(output)
        .map(([key, value]) => `${key}:${value}`)
        .join(" ")}]`,
    );
    return plain(goJson(output));
  },
  term(sys, state, signal) {
    if (signal !== 15) return { exit: sys.pid === 1 ? 2 : 128 + signal };
    const seconds = Number(flagOf(sys, "delay-shutdown") ?? 0);
    if (!(seconds > 0)) return { exit: 0 };
    goLog(sys, `Sleeping ${seconds} seconds before terminating...`);
    state.end ??= sys.now + seconds * 1000;
    return undefined;
  },
});

/** k8s: netexec.go startUDPServer */
export const netexec = {
  ...server,
  datagram(
    sys: Sys,
    _state: AskingState<Work>,
    { bytes, port, from, sctp }: Arrived,
  ): string | undefined {
    const text = bytes.trim().toLowerCase();
    const name = sctp ? "SCTP" : "UDP";
    if (text === "hostname") {
      goLog(sys, `Sending ${sctp ? "SCTP" : "udp"} hostName response`);
      return sys.container.hostname;
    }
    if (text.startsWith("echo ")) {
      goLog(sys, `Echoing ${text.slice(5)} to ${name} client ${from}`);
      return text.slice(5);
    }
    if (text === "clientip") {
      goLog(sys, `Sending clientip back to ${name} client ${from}`);
      return from;
    }
    if (text === "serverport") {
      goLog(sys, `Sending server port to ${name} client ${port}`);
      return String(port);
    }
    if (text !== "") goLog(sys, `Unknown ${name} command received from ${from}: ${text}`);
    return undefined;
  },
};
