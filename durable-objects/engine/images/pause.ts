/** The pause image: waits for signals, reaps, and nothing else. */
import { buildLayer } from "../runtime/fs/layer.ts";
import type { Program } from "../runtime/kernel/types.ts";
import { runtimeFiles } from "../runtime/image/base-files.ts";
import type { ImageDefinition } from "./define.ts";
import { resolveVersion } from "./tags.ts";

const program: Program<Record<string, never>> = {
  name: "pause",
  start: () => ({}),
  step: () => ({ wait: {} }),
  handles: (_state, signal) => signal === 2 || signal === 15,
  signal(sys, _state, signal) {
    sys.complain(`Shutting down, got signal\n`);
    return { exit: signal === 2 || signal === 15 ? 0 : 3 };
  },
  memoryBytes: () => 262_144,
};

const layer = buildLayer({ "/pause": { program: "pause" } }, runtimeFiles);

export const pause: ImageDefinition = {
  repositories: [
    "registry.k8s.io/pause",
    "k8s.gcr.io/pause",
    "gcr.io/google_containers/pause",
    "gcr.io/google-containers/pause",
    "registry.k8s.io/e2e-test-images/pause",
    "docker.io/kubernetes/pause",
    "docker.io/rancher/mirrored-pause",
    // Of the registry that upstream's tests run on a node (runtime/image/node-registry.ts).
    "localhost:5000/pause",
  ],
  resolveTag: (tag) =>
    resolveVersion(
      {
        series: { 0: 8, 1: 0, 2: 0, 3: 10 },
        latest: "3.10.2",
        names: { testing: "3.10.1" },
      },
      tag,
    ),
  version: (version) => ({
    version,
    entrypoint: ["/pause"],
    cmd: [],
    env: {},
    user: "65535:65535",
    layer,
    sizeBytes: 320_368,
  }),
  programs: [program],
};
