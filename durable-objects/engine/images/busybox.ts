/** busybox and the image that holds nothing else. */
import { buildLayer } from "../runtime/fs/layer.ts";
import { busyboxFiles, runtimeFiles } from "../runtime/image/base-files.ts";
import type { ImageVersion } from "../runtime/image/image.ts";
import type { ImageDefinition } from "./define.ts";
import { resolveVersion, type TagRule } from "./tags.ts";

const rule: TagRule = {
  series: { 1: 37 },
  latest: "1.37.0",
  names: { stable: "1.37.0", unstable: "1.37.0" },
  variants: /^(u?clibc|glibc|musl|\d+|unstable|stable)(-.*)?$/,
};

const versions = new Map<string, ImageVersion>();

export const busybox: ImageDefinition = {
  repositories: [
    "docker.io/library/busybox",
    "registry.k8s.io/busybox",
    "k8s.gcr.io/busybox",
    "gcr.io/google_containers/busybox",
    "gcr.io/google-containers/busybox",
    "registry.k8s.io/e2e-test-images/busybox",
    "quay.io/prometheus/busybox",
    "public.ecr.aws/docker/library/busybox",
    "mirror.gcr.io/library/busybox",
    "ghcr.io/containerd/busybox",
  ],
  resolveTag: (tag) => resolveVersion(rule, tag.replace(/^(\d+\.\d+\.\d+)-\d+$/, "$1")),
  version(version) {
    let found = versions.get(version);
    if (!found) {
      found = {
        version,
        entrypoint: [],
        cmd: ["sh"],
        env: {},
        layer: buildLayer(busyboxFiles, runtimeFiles),
        sizeBytes: 2_223_686,
      };
      versions.set(version, found);
    }
    return found;
  },
};
