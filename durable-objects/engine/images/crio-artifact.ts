/** An OCI artifact of two small files, mounted as a volume and never run. k8s: docs/tasks/configure-pod-container/image-volumes */
import { buildLayer } from "../runtime/fs/layer.ts";
import type { ImageDefinition } from "./define.ts";

const layer = buildLayer({ "/dir/file": "1\n", "/file": "2\n" });

export const crioArtifact: ImageDefinition = {
  repositories: ["quay.io/crio/artifact"],
  resolveTag: (tag) => (tag === "v1" || tag === "v2" ? tag : undefined),
  version: (version) => ({ version, entrypoint: [], cmd: [], env: {}, layer, sizeBytes: 237 }),
};
