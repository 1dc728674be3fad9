/** Small servers that say who answers: http-echo, whoami, echo-server, echoserver. */
import { buildLayer } from "../runtime/fs/layer.ts";
import type { HttpRequest } from "../runtime/kernel/state.ts";
import type { Sys } from "../runtime/kernel/types.ts";
import { alpineFiles, runtimeFiles } from "../runtime/image/base-files.ts";
import type { ImageDefinition } from "./define.ts";
import { commonLogTime, errorLogTime } from "../runtime/logs/times.ts";
import {
  answer,
  canonical,
  flagOf,
  goListen,
  goLog,
  hasFlag,
  json,
  portOf,
  remoteAddress,
  smallServer,
} from "./serving/small-server.ts";
import { resolveVersion } from "./tags.ts";

const headersOf = (request: HttpRequest): [string, string][] =>
  Object.entries({ host: request.host, ...request.headers });

// hashicorp/http-echo

const httpEcho = smallServer({
  program: "http-echo",
  memoryMib: 3,
  start(sys) {
    const text = flagOf(sys, "text") || sys.env.ECHO_TEXT;
    if (hasFlag(sys, "version")) {
      sys.complain(`http-echo v${sys.container.image.version}\n`);
      return { exit: 0 };
    }
    if (!text) {
      sys.complain("Missing -text option OR ENV var TEXT is empty!\n");
      return { exit: 127 };
    }
    const listen = flagOf(sys, "listen") ?? ":5678";
    goLog(sys, `[INFO] server is listening on ${listen}`);
    return [portOf(listen)];
  },
  answer(sys, request, { path }) {
    const headers = { "x-app-name": "http-echo", "x-app-version": sys.container.image.version };
    if (path === "/health") return answer('{"status":"ok"}\n', undefined, 200, headers);
    const body = `${flagOf(sys, "text") || (sys.env.ECHO_TEXT ?? "")}\n`;
    sys.write(
      1,
      `${errorLogTime(sys.now)} ${request.headers.host ?? request.host} ${remoteAddress(request)} "${request.method} ${request.path} HTTP/1.1" 200 ${body.length} "${request.headers["user-agent"] ?? ""}" 11.2µs\n`.replace(
        "µ",
        "\xc2\xb5",
      ),
    );
    return answer(body, undefined, 200, headers);
  },
});

export const httpEchoImage: ImageDefinition = {
  repositories: ["docker.io/hashicorp/http-echo"],
  resolveTag: (tag) =>
    ["1.0", "1.0.0", "latest"].includes(tag)
      ? "1.0.0"
      : /^0\.[12]\.[0-3]$/.test(tag)
        ? tag
        : tag === "alpine"
          ? "1.0.0"
          : undefined,
  version: (version) => ({
    version,
    entrypoint: ["/http-echo"],
    cmd: [],
    env: (version.startsWith("1") ? { ECHO_TEXT: "hello-world" } : {}) as Record<string, string>,
    ...(version.startsWith("1") ? { user: "65532:65532" } : {}),
    layer: httpEchoLayer,
    sizeBytes: 2_961_522,
  }),
  programs: [httpEcho],
};
const httpEchoLayer = buildLayer({ "/http-echo": { program: "http-echo" } }, runtimeFiles);

// traefik/whoami

function whoamiText(sys: Sys, request: HttpRequest): string {
  const name = flagOf(sys, "name") ?? sys.env.WHOAMI_NAME;
  let text = name ? `Name: ${name}\n` : "";
  text += `Hostname: ${sys.container.hostname}\n`;
  for (const ip of ["127.0.0.1", "::1", sys.kernel.pod.pod.ip]) text += `IP: ${ip}\n`;
  text += `RemoteAddr: ${remoteAddress(request)}\n${request.method} ${request.path} HTTP/1.1\r\n`;
  const headers = headersOf(request).filter(([key]) => key !== "connection");
  const first = ["host", "user-agent", "content-length"];
  const rank = (key: string): number => (first.includes(key) ? first.indexOf(key) : first.length);
  headers.sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  for (const [key, value] of headers) text += `${canonical(key)}: ${value}\r\n`;
  return `${text}\r\n`;
}

/** Milliseconds of a Go duration: `1m30s`, `250ms`. Undefined: it is none. */
export function goDurationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d*)?(h|ms|m|s))+$/.test(text)) return text === "0" ? 0 : undefined;
  const unit: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  let ms = 0;
  for (const [, number, , name] of text.matchAll(/(\d+(\.\d*)?)(h|ms|m|s)/gy))
    ms += Number(number) * (unit[name ?? ""] ?? 0);
  return ms;
}

const whoami = smallServer({
  program: "traefik-whoami",
  memoryMib: 4,
  start(sys) {
    const port = flagOf(sys, "port") ?? sys.env.WHOAMI_PORT_NUMBER ?? "80";
    goLog(sys, `Starting up on port ${port}`);
    return [portOf(port)];
  },
  answer(sys, request, { path, query }) {
    if (hasFlag(sys, "verbose"))
      goLog(
        sys,
        `${remoteAddress(request)} - - [${commonLogTime(sys.now)}] "${request.method} ${path} HTTP/1.1" - -`,
      );
    const withEnv = /^(1|t|T|TRUE|true|True)$/.test(query.get("env") ?? "");
    const env = Object.entries(sys.env);
    if (path === "/health") return answer("", undefined, 200);
    if (path === "/bench") return answer("1", "text/plain");
    if (path === "/data") {
      const unit =
        { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }[(query.get("unit") ?? "").toLowerCase()] ?? 1;
      const size = Math.min(Math.max(0, Number(query.get("size") ?? 1) || 1) * unit, 512 * 1024);
      return answer(
        `|${"-ABCDEFGHIJKLMNOPQRSTUVWXYZ".repeat(Math.ceil(size / 27))}`.slice(0, size),
      );
    }
    if (path === "/api")
      return json({
        hostname: sys.container.hostname,
        ip: ["127.0.0.1", "::1", sys.kernel.pod.pod.ip],
        headers: Object.fromEntries(
          Object.entries(request.headers)
            .filter(([key]) => key !== "host")
            .map(([key, value]) => [canonical(key), [value]]),
        ),
        url: request.path,
        host: request.headers.host ?? request.host,
        method: request.method,
        ...(flagOf(sys, "name") ? { name: flagOf(sys, "name") } : {}),
        remoteAddr: remoteAddress(request),
        ...(withEnv ? { environ: Object.fromEntries(env) } : {}),
      });
    const tail = withEnv ? env.map(([name, value]) => `${name}=${value}\n`).join("") : "";
    const delayMs = goDurationMs(query.get("wait") ?? "");
    return { response: answer(whoamiText(sys, request) + tail), ...(delayMs ? { delayMs } : {}) };
  },
});
const whoamiLayer = buildLayer({ "/whoami": { program: "traefik-whoami" } }, runtimeFiles);

export const whoamiImage: ImageDefinition = {
  repositories: [
    "docker.io/traefik/whoami",
    "docker.io/containous/whoami",
    "ghcr.io/traefik/whoami",
  ],
  resolveTag: (tag) => resolveVersion({ series: { 1: 11 }, latest: "1.11.0", patchMax: 5 }, tag),
  version: (version) => ({
    version,
    entrypoint: ["/whoami"],
    cmd: [],
    env: {},
    layer: whoamiLayer,
    sizeBytes: 2_829_824,
  }),
  programs: [whoami],
};

// kicbase/echo-server (jmalloc/echo-server)

function requestText(request: HttpRequest, http = "HTTP/1.1"): string {
  const headers = Object.entries(request.headers)
    .filter(([key]) => key !== "host")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${canonical(key)}: ${value}\n`);
  return `${request.method} ${request.path} ${http}\n\nHost: ${request.headers.host ?? request.host}\n${headers.join("")}\n${request.body}`;
}

const echoServer = smallServer({
  program: "echo-server",
  memoryMib: 5,
  start(sys) {
    const port = sys.env.PORT || "8080";
    sys.write(1, `Echo server listening on port ${port}.\n`);
    return [portOf(port)];
  },
  answer(sys, request) {
    sys.write(1, `${remoteAddress(request)} | ${request.method} ${request.path}\n`);
    const served =
      sys.env.SEND_SERVER_HOSTNAME === "false"
        ? ""
        : `Request served by ${sys.container.hostname}\n\n`;
    return answer(served + requestText(request), "text/plain");
  },
});
const echoServerLayer = buildLayer(
  alpineFiles("3.22.2"),
  { "/bin/echo-server": { program: "echo-server" } },
  runtimeFiles,
);

export const echoServerImage: ImageDefinition = {
  repositories: ["docker.io/kicbase/echo-server", "docker.io/jmalloc/echo-server"],
  resolveTag: (tag) =>
    /^(latest|1\.0|v?0\.3\.\d)$/.test(tag) ? (tag === "latest" ? "1.0" : tag) : undefined,
  version: (version) => ({
    version,
    entrypoint: ["/bin/echo-server"],
    cmd: [],
    env: { PORT: "8080" },
    layer: echoServerLayer,
    sizeBytes: 2_138_104,
  }),
  programs: [echoServer],
};

// registry.k8s.io/echoserver: nginx with Lua

function echoserverText(sys: Sys, request: HttpRequest): string {
  const { env } = sys;
  const known = [
    ["node name", env.NODE_NAME],
    ["pod name", env.POD_NAME],
    ["pod namespace", env.POD_NAMESPACE],
    ["pod IP", env.POD_IP],
  ].filter(([, value]) => value);
  const about = known.length
    ? known.map(([name, value]) => `\t${name}:\t${value}\n`).join("")
    : "\t-no pod information available-\n";
  const host = request.headers.host ?? request.host;
  const headers = Object.entries({ ...request.headers, host })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `\t${key}=${value}\n`);
  return (
    `\n\nHostname: ${sys.container.hostname}\n\nPod Information:\n${about}\n` +
    `Server values:\n\tserver_version=nginx: 1.14.2 - lua: 10015\n\n` +
    `Request Information:\n\tclient_address=${request.clientIp}\n\tmethod=${request.method}\n\treal path=${request.path}\n\tquery=${request.path.split("?")[1] ?? ""}\n\trequest_version=1.1\n\trequest_scheme=http\n\trequest_uri=http://${host.replace(/:.*/, "")}:8080${request.path}\n\n` +
    `Request Headers:\n${headers.join("")}\nRequest Body:\n${request.body === "" ? "\t-no body in request-\n" : request.body}\n`
  );
}

const echoserver = smallServer({
  program: "echoserver",
  memoryMib: 6,
  term: 0,
  start(sys) {
    sys.write(
      1,
      "Generating self-signed cert\nGenerating a 2048 bit RSA private key\nwriting new private key to '/certs/privateKey.key'\n-----\nStarting nginx\n",
    );
    goListen(sys, 8443, "h", { tls: true, quiet: true });
    return [8080];
  },
  answer(sys, request) {
    sys.write(
      1,
      `${request.clientIp} - - [${commonLogTime(sys.now)}] "${request.method} ${request.path} HTTP/1.1" 200 ${request.path.length + 500} "-" "${request.headers["user-agent"] ?? "-"}"\n`,
    );
    return answer(echoserverText(sys, request), "text/plain", 200, { server: "echoserver" });
  },
});
const echoserverLayer = buildLayer(
  alpineFiles("3.9.4"),
  { "/usr/local/bin/run.sh": { program: "echoserver" } },
  runtimeFiles,
);

export const echoserverImage: ImageDefinition = {
  repositories: [
    "registry.k8s.io/echoserver",
    "k8s.gcr.io/echoserver",
    "gcr.io/google_containers/echoserver",
    "gcr.io/google-containers/echoserver",
    "registry.k8s.io/e2e-test-images/echoserver",
    "gcr.io/kubernetes-e2e-test-images/echoserver",
  ],
  resolveTag: (tag) => (/^(1\.\d|1\.10|2\.[0-5])$/.test(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: ["/usr/local/bin/run.sh"],
    env: {},
    layer: echoserverLayer,
    sizeBytes: 46_237_695,
  }),
  programs: [echoserver],
};

export const echoImages: ImageDefinition[] = [
  httpEchoImage,
  whoamiImage,
  echoServerImage,
  echoserverImage,
];
