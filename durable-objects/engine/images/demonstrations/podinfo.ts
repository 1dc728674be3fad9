/** podinfo: its HTTP interface, health that can be switched, and podcli, by which its manifests probe it. */
import { buildLayer } from "../../runtime/fs/layer.ts";
import { Errno } from "../../runtime/errno.ts";
import { alpineFiles, runtimeFiles } from "../../runtime/image/base-files.ts";
import type { HttpRequest, HttpResponse, Wait } from "../../runtime/kernel/state.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import { rfc3339Milli } from "../../runtime/logs/times.ts";
import type { ImageDefinition } from "../define.ts";
import { askingServer, endServer, type AskingState } from "../serving/asking-server.ts";
import { goError, httpAskNames, pushAsk, type HttpAsk } from "../serving/http-ask.ts";
import { answer, canonical, flagOf, goNotFound, targetOf } from "../serving/small-server.ts";
import { resolveVersion } from "../tags.ts";

interface Echo {
  /** Its backends are asked one after the other. */
  asks: HttpAsk[];
}

interface Kept {
  unready?: boolean;
  unhealthy?: boolean;
}

type State = AskingState<Echo>;

const kept = (state: State): Kept => (state.kept ??= {}) as Kept;

/** A setting: its flag, else its variable. */
function setting(sys: Sys, name: string): string | undefined {
  return flagOf(sys, name) ?? sys.env[`PODINFO_${name.toUpperCase().replaceAll("-", "_")}`];
}

const isSet = (sys: Sys, name: string): boolean => {
  const value = setting(sys, name);
  return value !== undefined && !/^(false|0|f)$/i.test(value);
};

const numberOf = (sys: Sys, name: string, otherwise: number): number => {
  const value = Number(setting(sys, name) ?? otherwise);
  return Number.isInteger(value) ? value : otherwise;
};

function log(sys: Sys, level: string, caller: string, msg: string, more: object = {}): void {
  const ts = rfc3339Milli(sys.now);
  sys.complain(`${JSON.stringify({ level, ts, caller, msg, ...more })}\n`);
}

/** Indented, as the server's JSON is. */
const json = (value: unknown, status = 200): HttpResponse =>
  answer(JSON.stringify(value, null, 2), "application/json; charset=utf-8", status, {
    "x-content-type-options": "nosniff",
  });

const plain = (status: number): HttpResponse => ({ status, headers: {}, body: "" });

const greeting = (sys: Sys): string =>
  setting(sys, "ui-message") ?? `greetings from podinfo v${sys.container.image.version}`;

function info(sys: Sys): object {
  return {
    hostname: sys.container.hostname,
    version: sys.container.image.version,
    revision: "unknown",
    color: setting(sys, "ui-color") ?? "#34577c",
    logo:
      setting(sys, "ui-logo") ??
      "https://raw.githubusercontent.com/stefanprodan/podinfo/gh-pages/cuddle_clap.gif",
    message: greeting(sys),
    goos: "linux",
    goarch: "amd64",
    runtime: "go1.26.0",
    num_goroutine: "8",
    num_cpu: "4",
  };
}

const escapeHtml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

function page(sys: Sys): HttpResponse {
  const { hostname } = sys.container;
  const color = setting(sys, "ui-color") ?? "#34577c";
  return answer(
    `<!DOCTYPE html>\n<html>\n<head>\n<title>${escapeHtml(hostname)}</title>\n</head>\n<body style="background-color:${escapeHtml(color)};color:#fff;font-family:sans-serif;text-align:center">\n<h1>${escapeHtml(greeting(sys))}</h1>\n<p>Serving from ${escapeHtml(hostname)}</p>\n<p>podinfo v${escapeHtml(sys.container.image.version)}</p>\n</body>\n</html>\n`,
    "text/html; charset=utf-8",
  );
}

/** The files of its configuration folder, by name. */
function configs(sys: Sys): Record<string, string> | undefined {
  const folder = setting(sys, "config-path");
  if (!folder) return undefined;
  try {
    const names = sys.list(folder).filter((name) => !name.startsWith(".."));
    return Object.fromEntries(names.map((name) => [name, sys.readFile(`${folder}/${name}`)]));
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return undefined;
  }
}

const metrics = (sys: Sys): string =>
  `# HELP go_info Information about the Go environment.\n# TYPE go_info gauge\ngo_info{version="go1.26.0"} 1\n# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.\n# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${Math.floor(sys.process.startedAtMs / 1000)}\n# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ${((sys.process.cpu ?? 0) / 1e6).toFixed(2)}\n`;

/** Answers of one path whatever the method. */
function plainAnswer(sys: Sys, state: State, request: HttpRequest, path: string): HttpResponse {
  const { method } = request;
  const browser = /^Mozilla/.test(request.headers["user-agent"] ?? "");
  const now = kept(state);
  const ready = (on: boolean): HttpResponse => {
    state.kept = { ...now, unready: !on };
    sys.kernel.touch();
    return plain(202);
  };
  switch (`${method === "POST" || method === "PUT" ? "POST" : "GET"} ${path}`) {
    case "GET /":
      return browser ? page(sys) : json(info(sys));
    case "GET /api/info":
      return json(info(sys));
    case "GET /version":
      return json({ commit: "unknown", version: sys.container.image.version });
    case "GET /metrics":
      return answer(metrics(sys), "text/plain; version=0.0.4; charset=utf-8");
    case "GET /env":
    case "POST /env":
      return json(Object.entries(sys.env).map(([name, value]) => `${name}=${value}`));
    case "GET /headers":
    case "POST /headers": {
      const headers = Object.entries(request.headers).filter(([name]) => name !== "host");
      return json(Object.fromEntries(headers.map(([name, value]) => [canonical(name), [value]])));
    }
    case "GET /healthz":
      return now.unhealthy ? plain(503) : json({ status: "OK" });
    case "GET /readyz":
      return now.unready ? plain(503) : json({ status: "OK" });
    case "POST /readyz/enable":
      return ready(true);
    case "POST /readyz/disable":
      return ready(false);
    case "GET /configs": {
      const found = configs(sys);
      return found ? json(found) : json({ code: 400, message: "config dir not found" }, 400);
    }
    case "GET /panic":
      log(sys, "info", "http/panic.go:13", "Panic command received");
      endServer(sys, state, 255);
      return plain(502);
  }
  if (/^\/cache\/[^/]+$/.test(path))
    return json({ code: 400, message: "cache server is offline" }, 400);
  const status = Number(/^\/status\/(\d{3})$/.exec(path)?.[1] ?? 0);
  if (status >= 200 && status < 600) return json({ status }, status);
  return goNotFound();
}

function backends(sys: Sys): HttpAsk[] {
  const urls = sys.argv
    .flatMap((word, i, words) =>
      word === "--backend-url"
        ? [words[i + 1] ?? ""]
        : word.startsWith("--backend-url=")
          ? [word.slice(14)]
          : [],
    )
    .concat(sys.env["PODINFO_BACKEND_URL"]?.split(" ") ?? [])
    .flatMap((text) => text.split(","));
  return urls.flatMap((url) => askOf(url, 120_000) ?? []);
}

/** `http://host:port/path`, the scheme left out or not. */
function askOf(url: string, patienceMs: number): HttpAsk | undefined {
  if (url.length > 500) return undefined;
  const match = /^(?:http:\/\/)?([\w.-]+)(?::(\d{1,5}))?(\/.*)?$/.exec(url);
  if (!match) return undefined;
  const [, host = "", port = "80", path = "/"] = match;
  return { host, port: Number(port), path, patienceMs };
}

const server = askingServer<Echo>({
  program: "podinfo",
  workNames: { fields: { asks: "a" }, inside: { asks: { each: httpAskNames } } },
  memoryMib: 16,
  idleCpuMilli: 1,
  start(sys) {
    const port = numberOf(sys, "port", 9898);
    const grpcPort = numberOf(sys, "grpc-port", 0);
    const metricsPort = numberOf(sys, "port-metrics", 0);
    const about = { version: sys.container.image.version, revision: "unknown", port: `${port}` };
    if (grpcPort > 0)
      log(sys, "info", "grpc/server.go:55", "Starting GRPC Server.", { addr: `:${grpcPort}` });
    log(sys, "info", "podinfo/main.go:154", "Starting podinfo", about);
    log(sys, "info", "http/server.go:224", "Starting HTTP Server.", { addr: `:${port}` });
    try {
      sys.listen(port, "h");
      if (metricsPort > 0) sys.listen(metricsPort, "h");
      if (grpcPort > 0) sys.listen(grpcPort, "g");
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      log(sys, "fatal", "http/server.go:227", "HTTP server crashed", {
        error: `listen tcp :${port}: bind: address already in use`,
      });
      return 1;
    }
    return undefined;
  },
  begin(sys, request, state) {
    if (state.kept === undefined)
      state.kept = { unready: isSet(sys, "unready"), unhealthy: isSet(sys, "unhealthy") };
    const { path } = targetOf(request);
    if (/^(\/api)?\/echo(\/|$)/.test(path)) {
      const asks = backends(sys).map((ask) => ({ ...ask, method: "POST", body: request.body }));
      if (asks.length > 0) return { job: { asks } };
      return { response: answer(request.body, "text/plain; charset=utf-8", 202) };
    }
    const delay = /^\/(?:delay|chunked)\/(\d{1,4})$/.exec(path)?.[1];
    const made = (response: HttpResponse): { response: HttpResponse; delayMs?: number } => {
      const min = numberOf(sys, "random-delay-min", 0);
      const span = Math.max(1, numberOf(sys, "random-delay-max", 5) - min);
      const unit = setting(sys, "random-delay-unit") === "ms" ? 1 : 1000;
      const random = isSet(sys, "random-delay")
        ? (min + Math.floor(sys.random() * span)) * unit
        : 0;
      const delayMs = Number(delay ?? 0) * 1000 + random;
      return { response, ...(delayMs > 0 ? { delayMs } : {}) };
    };
    if (delay !== undefined) return made(json({ delay: Number(delay) }));
    if (isSet(sys, "random-error") && sys.random() < 1 / 3)
      return made(json({ code: 500, message: "random error" }, 500));
    return made(plainAnswer(sys, state, request, path));
  },
  push(sys, { asks }): Wait | undefined {
    for (const ask of asks) {
      const wait = pushAsk(sys, ask);
      if (wait) return wait;
    }
    return undefined;
  },
  finish(sys, { asks }) {
    const replies = asks.map((ask) => {
      const url = `http://${ask.host}:${ask.port}${ask.path}`;
      const failed =
        ask.status === undefined
          ? `call failed ${goError(ask)}`
          : `response status code ${ask.status}`;
      if (ask.status !== undefined && ask.status < 400) return ask.reply ?? "";
      log(sys, "error", "http/echo.go:66", "backend call failed", { url });
      return `backend ${url} ${failed}`;
    });
    return { response: json(replies) };
  },
  grpc: (state) => (kept(state).unhealthy ? "NOT_SERVING" : "SERVING"),
  term(sys, state) {
    log(sys, "info", "signals/shutdown.go:59", "Shutting down HTTP/HTTPS server", { timeout: 5 });
    // Readiness is taken back first, and three seconds are left for it to be noticed.
    state.kept = { unready: true, unhealthy: true };
    state.end = sys.now + 3_000;
    return undefined;
  },
});

/** `podcli check http localhost:9898/healthz`: what podinfo's probes run. */
interface Check {
  ask?: HttpAsk;
}

const podcli: Program<Check> = {
  name: "podcli",
  storedNames: { fields: { ask: "a" }, inside: { ask: httpAskNames } },
  start(sys) {
    const [check, kind, address = ""] = sys.argv.slice(1);
    if (check !== "check" || (kind !== "http" && kind !== "tcp")) {
      sys.write(
        1,
        "podinfo command line\n\nUsage:\n  podcli [command]\n\nAvailable Commands:\n  check       Health check commands\n",
      );
      return {};
    }
    const ask = askOf(kind === "tcp" ? `${address}/healthz` : address, 2_000);
    return ask ? { ask } : {};
  },
  step(sys, { ask }) {
    if (!ask) return { exit: sys.argv[1] === "check" ? 1 : 0 };
    const wait = pushAsk(sys, ask);
    if (wait) return { wait };
    const address = `http://${ask.host}:${ask.port}${ask.path}`;
    const good = ask.status !== undefined && ask.status < 300;
    const more = ask.status === undefined ? { error: goError(ask) } : { "status code": ask.status };
    log(sys, "info", "podcli/check.go:137", good ? "check succeed" : "check failed", {
      address,
      ...more,
    });
    return { exit: good ? 0 : 1 };
  },
};

const base = alpineFiles("3.22.2");
const layer = buildLayer(
  base,
  {
    "/usr/bin/curl": { program: "curl" },
    "/usr/local/bin/podcli": { program: "podcli" },
    "/home/app/podinfo": { program: "podinfo" },
    "/etc/passwd": `${base["/etc/passwd"] as string}app:x:100:101:Linux User,,,:/home/app:/sbin/nologin\n`,
  },
  runtimeFiles,
);

export const podinfoImage: ImageDefinition = {
  repositories: ["docker.io/stefanprodan/podinfo", "ghcr.io/stefanprodan/podinfo"],
  resolveTag: (tag) =>
    resolveVersion(
      {
        series: { 0: 5, 1: 8, 2: 1, 3: 3, 4: 0, 5: 2, 6: 14 },
        latest: "6.14.1",
        names: { _latest: "6.14.1" },
      },
      tag,
    ),
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: ["./podinfo"],
    env: {},
    user: "app",
    workingDir: "/home/app",
    layer,
    sizeBytes: 24_300_000,
  }),
  programs: [server, podcli],
};
