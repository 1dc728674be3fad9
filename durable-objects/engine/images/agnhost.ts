/** agnhost, the end-to-end tests' Swiss army knife: its subcommands are a table. */
import { buildLayer } from "../runtime/fs/layer.ts";
import type { Program } from "../runtime/program.ts";
import type { HttpAnswer } from "../runtime/program.ts";
import type { HttpRequest } from "../runtime/state.ts";
import type { Sys } from "../runtime/sys.ts";
import { alpineFiles, runtimeFiles } from "./base.ts";
import type { ImageDefinition, ImageVersion } from "./define.ts";
import { resolveVersion } from "./tags.ts";

interface State {
  sub: string;
  /** Exit code of what ends at once. */
  x?: number;
  /** Started, virtual ms. */
  t: number;
}

interface Subcommand {
  port?: number;
  start?(sys: Sys): number | undefined;
  http?(
    sys: Sys,
    state: State,
    path: string,
    request: HttpRequest,
  ): HttpAnswer["response"] | undefined;
}

const plain = (body: string, status = 200): HttpAnswer["response"] => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body,
});

const flag = (sys: Sys, name: string): string | undefined => {
  const words = sys.argv;
  const at = words.findIndex((word) => word === `--${name}` || word === `-${name}`);
  if (at >= 0) return words[at + 1];
  return words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
};

const subcommands: Record<string, Subcommand> = {
  pause: {
    start(sys) {
      sys.write(1, "Paused\n");
      return undefined;
    },
  },
  "serve-hostname": { port: 9376, http: (sys) => plain(sys.container.hostname) },
  liveness: {
    port: 8080,
    http(sys, state, path) {
      if (path !== "/healthz") return plain("404 page not found\n", 404);
      const seconds = (sys.kernel.context.now - state.t) / 1000;
      return seconds > 10 ? plain(`error: ${seconds}`, 500) : plain("ok");
    },
  },
  netexec: {
    port: 8080,
    http(sys, _state, path, request) {
      const host = sys.container.hostname;
      if (path === "/") return plain(`NOW: ${sys.now}`);
      if (path === "/hostname" || path === "/hostName") return plain(host);
      if (path === "/healthz" || path === "/readyz") return plain("");
      if (path === "/clientip") return plain(`${request.clientIp}:40000`);
      if (path === "/echo") return plain(/[?&]msg=([^&]*)/.exec(request.path)?.[1] ?? "");
      return undefined;
    },
  },
};

const program: Program<State> = {
  name: "agnhost",
  start(sys) {
    const sub = sys.argv[1] ?? "";
    const known = subcommands[sub];
    const state: State = { sub, t: sys.now };
    if (!known) {
      sys.complain(`Error: unknown command "${sub}" for "app"\nRun 'app --help' for usage.\n`);
      return { ...state, x: 1 };
    }
    const done = known.start?.(sys);
    if (done !== undefined) return { ...state, x: done };
    if (known.port !== undefined)
      sys.listen(Number(flag(sys, "http-port") ?? flag(sys, "port") ?? known.port), "h");
    return state;
  },
  step: (_sys, state) => (state.x === undefined ? { wait: {} } : { exit: state.x }),
  handles: (_state, signal) => signal === 15 && false,
  http(sys, state, request) {
    const path = request.path.split("?")[0] ?? "/";
    const response = subcommands[state.sub]?.http?.(sys, state, path, request);
    return { response: response ?? plain("404 page not found\n", 404) };
  },
  restless: (state) => state.sub === "liveness",
  memoryBytes: () => 12_000_000,
};

let cached: ImageVersion | undefined;

export const agnhost: ImageDefinition = {
  repositories: [
    "registry.k8s.io/e2e-test-images/agnhost",
    "k8s.gcr.io/e2e-test-images/agnhost",
    "gcr.io/kubernetes-e2e-test-images/agnhost",
  ],
  resolveTag: (tag) => resolveVersion({ series: { 2: 63 }, latest: "2.63.0" }, tag),
  version(version) {
    cached ??= {
      version,
      entrypoint: ["/agnhost"],
      cmd: ["pause"],
      env: {},
      layer: buildLayer(
        alpineFiles("3.22.2"),
        { "/agnhost": { program: "agnhost" } },
        runtimeFiles,
      ),
      sizeBytes: 53_000_000,
    };
    return cached;
  },
  programs: [program],
};
