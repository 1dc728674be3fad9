/** Images that bring kubectl. */
import { buildLayer, type LayerFile } from "../runtime/fs/layer.ts";
import {
  alpineFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
  type FileTable,
} from "../runtime/image/base-files.ts";
import type { ImageVersion } from "../runtime/image/image.ts";
import { kubectl, kubectlWhy } from "../kubectl/program.ts";
import type { ImageDefinition } from "./define.ts";
import { resolveVersion } from "./tags.ts";

const latest = "1.36.1";

const programs = (folder: string, names: string): Record<string, LayerFile> =>
  Object.fromEntries(names.split(" ").map((name) => [`${folder}/${name}`, { program: name }]));

interface Made {
  files: FileTable[];
  entrypoint: string[];
  user?: string;
  workingDir?: string;
  sizeBytes: number;
}

function image(repositories: string[], make: () => Made): ImageDefinition {
  const versions = new Map<string, ImageVersion>();
  return {
    repositories,
    resolveTag: (tag) =>
      resolveVersion(
        { series: { 1: 36 }, latest, variants: /^(debian|r\d|amd64|arm64)/ },
        tag.replace(/\+.*/, ""),
      ),
    version(version) {
      let found = versions.get(version);
      if (!found) {
        const { files, ...rest } = make();
        const layer = buildLayer(...files, runtimeFiles);
        versions.set(version, (found = { version, cmd: [], env: {}, layer, ...rest }));
      }
      return found;
    },
  };
}

const bitnami = image(["docker.io/bitnami/kubectl", "docker.io/bitnamilegacy/kubectl"], () => ({
  files: [
    debianFiles(debianReleases.bookworm!),
    { "/opt/bitnami/kubectl/bin/kubectl": { program: "kubectl" } },
    programs("/usr/bin", "curl jq kubectl"),
    { "/bin/bash": { program: "bash" } },
  ],
  entrypoint: ["kubectl"],
  user: "1001",
  sizeBytes: 116_000_000,
}));

/** Nothing but the binary. */
const official = image(["registry.k8s.io/kubectl"], () => ({
  files: [
    { "/bin": { dir: true }, "/tmp": { dir: true, mode: 0o1777 } },
    programs("/bin", "kubectl"),
  ],
  entrypoint: ["/bin/kubectl"],
  sizeBytes: 24_000_000,
}));

const alpineTools = image(["docker.io/alpine/k8s"], () => ({
  files: [
    alpineFiles("3.22.2"),
    programs("/usr/bin", "curl jq kubectl yq"),
    { "/bin/bash": { program: "bash" } },
  ],
  entrypoint: [],
  workingDir: "/apps",
  sizeBytes: 310_000_000,
}));

const rancher = image(["docker.io/rancher/kubectl"], () => ({
  files: [
    { "/bin": { dir: true }, "/tmp": { dir: true, mode: 0o1777 } },
    programs("/bin", "kubectl"),
  ],
  entrypoint: ["/bin/kubectl"],
  user: "65534:65534",
  sizeBytes: 24_000_000,
}));

const lachlan = image(["docker.io/lachlanevenson/k8s-kubectl"], () => ({
  files: [alpineFiles("3.22.2"), programs("/usr/local/bin", "kubectl")],
  entrypoint: ["kubectl"],
  sizeBytes: 55_000_000,
}));

export const kubectlImages: ImageDefinition[] = [
  { ...bitnami, programs: [kubectl, kubectlWhy()] },
  official,
  alpineTools,
  rancher,
  lachlan,
];
