/** Images nobody described: a server on the declared ports that passes its probes, beside busybox's shell. */
import { buildLayer } from "../runtime/fs/layer.ts";
import { Errno } from "../runtime/errno.ts";
import type { Program } from "../runtime/program.ts";
import { becomeDescribed, describedImage } from "./image-objects.ts";
import { busyboxFiles, runtimeFiles } from "./base.ts";
import type { ImageVersion } from "./define.ts";

let version: ImageVersion | undefined;

export function unknownVersion(): ImageVersion {
  version ??= {
    version: "latest",
    entrypoint: ["/entrypoint"],
    cmd: [],
    env: {},
    layer: buildLayer(busyboxFiles, { "/entrypoint": { program: "unknown-server" } }, runtimeFiles),
    sizeBytes: 50_000_000,
  };
  return version;
}

const server: Program<{ bad?: true }> = {
  name: "unknown-server",
  start(sys) {
    if (becomeDescribed(sys)) return sys.process.s as { bad?: true };
    for (const { containerPort, protocol } of sys.container.record.spec.ports ?? []) {
      if (protocol === "SCTP") continue;
      try {
        sys.listen(containerPort, protocol === "UDP" ? "u" : "h");
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        // Real images differ; a low port without the right still serves, a taken one cannot.
        if (error.code === "EADDRINUSE") {
          sys.complain(`listen tcp :${containerPort}: bind: address already in use\n`);
          return { bad: true };
        }
      }
    }
    return {};
  },
  step: (_sys, state) => (state.bad ? { exit: 1 } : { wait: {} }),
  handles: (_state, signal) => signal === 15 || signal === 2,
  signal: () => ({ exit: 0 }),
  http: (sys, _state, request) => ({
    response: {
      status: 200,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: `${request.method} ${request.path}\nHost: ${request.headers.host ?? request.host}\nHostname: ${sys.container.hostname}\n`,
    },
  }),
  grpc: () => ({ status: "SERVING" }),
  memoryBytes: () => 20 * 1024 * 1024,
  idleCpuMilli: () => 1,
};

export const unknownPrograms: Program[] = [server, describedImage];
