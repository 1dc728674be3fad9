/** kuard, the demonstration of "Kubernetes: Up and Running": probes that can be made to fail, environment, files. */
import { Errno } from "../../runtime/errno.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import { alpineFiles, runtimeFiles } from "../../runtime/image/base-files.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import type { ImageDefinition } from "../define.ts";
import { keptServer, remember, type KeptState } from "../serving/kept-server.ts";
import {
  answer,
  flagOf,
  goLog,
  goNotFound,
  html,
  json,
  portOf,
  remoteAddress,
} from "../serving/small-server.ts";

/** How many of the next probes fail; -1: all of them. */
interface State extends KeptState {
  healthy: number;
  ready: number;
}

type Probe = "healthy" | "ready";

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const colors: Record<string, string> = { blue: "#2a6fb0", green: "#3c8d40", purple: "#6a3f9c" };

function page(sys: Sys): HttpResponse {
  const { version } = sys.container.image;
  const color = colors[version.replace(/^.*-/, "")] ?? "#555";
  return html(
    `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>KUAR Demo</title>\n</head>\n<body style="border-top:1em solid ${color};font-family:sans-serif">\n<h1>Demo application version <i>${escapeHtml(version)}</i></h1>\n<p>Hostname: ${escapeHtml(sys.container.hostname)}</p>\n<p>Addresses: ${sys.kernel.pod.pod.ip}</p>\n<p><a href="/healthy">Liveness Check</a> <a href="/ready">Readiness Check</a> <a href="/env/api">Server Env</a> <a href="/fs/">File system</a></p>\n</body>\n</html>\n`,
  );
}

function probed(sys: Sys, state: State, probe: Probe): HttpResponse {
  const left = state[probe];
  if (left === 0) return answer("ok");
  if (left > 0) {
    state[probe] = left - 1;
    remember(sys);
  }
  return answer("fail\n", undefined, 500);
}

/** `PUT /ready/api {"failNext": 3}`. */
function configured(sys: Sys, state: State, probe: Probe, request: HttpRequest): HttpResponse {
  if (request.method !== "PUT") return json({ failNext: state[probe] });
  let failNext: unknown;
  try {
    ({ failNext } = JSON.parse(request.body) as { failNext?: unknown });
  } catch {
    return answer("invalid JSON\n", undefined, 400);
  }
  if (!Number.isInteger(failNext)) return answer("invalid failNext\n", undefined, 400);
  state[probe] = Math.max(-1, failNext as number);
  remember(sys);
  return json({ failNext: state[probe] });
}

function file(sys: Sys, path: string): HttpResponse {
  try {
    if (sys.stat(path).type !== "d") return answer(sys.readFile(path));
    const links = sys
      .list(path)
      .sort()
      .map((name) => `<a href="${escapeHtml(name)}">${escapeHtml(name)}</a>\n`);
    return html(`<pre>\n${links.join("")}</pre>\n`);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return goNotFound();
  }
}

const kuard = keptServer<State>({
  program: "kuard",
  storedNames: { fields: { exitCode: "x", healthy: "h", ready: "r" } },
  memoryMib: 6,
  term: 2,
  start(sys) {
    goLog(sys, `Starting kuard version: ${sys.container.image.version}`);
    for (const line of [
      "**********************************************************************",
      "* WARNING: This server may expose sensitive",
      "* and secret information. Be careful.",
      "**********************************************************************",
    ])
      goLog(sys, line);
    const port = portOf(flagOf(sys, "address") ?? ":8080");
    goLog(sys, `Serving on HTTP on :${port}`);
    return { state: { healthy: 0, ready: 0 }, ports: [port] };
  },
  answer(sys, state, request, { path }) {
    goLog(sys, `${remoteAddress(request)} ${request.method} ${request.path}`);
    switch (path) {
      case "/":
        return page(sys);
      case "/healthy":
        return probed(sys, state, "healthy");
      case "/ready":
        return probed(sys, state, "ready");
      case "/healthy/api":
        return configured(sys, state, "healthy", request);
      case "/ready/api":
        return configured(sys, state, "ready", request);
      case "/env/api":
        return json({ commandLine: [...sys.argv], env: sys.env });
    }
    return path.startsWith("/fs/") ? file(sys, path.slice(3)) : goNotFound();
  },
});

const layer = buildLayer(alpineFiles("3.15.11"), { "/kuard": { program: "kuard" } }, runtimeFiles);

export const kuardImage: ImageDefinition = {
  repositories: ["gcr.io/kuar-demo/kuard-amd64", "gcr.io/kuar-demo/kuard-arm64"],
  resolveTag(tag) {
    const match = /^(?:v0\.(?:9|10)\.0-)?(\d|blue|green|purple)$/.exec(tag);
    if (!match) return tag === "latest" ? "v0.10.0-blue" : undefined;
    const [, name = ""] = match;
    return `v0.10.0-${{ 1: "blue", 2: "green", 3: "purple" }[name] ?? name}`;
  },
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: ["/kuard"],
    env: {},
    user: "nobody:nobody",
    layer,
    sizeBytes: 11_500_000,
  }),
  programs: [kuard],
};
