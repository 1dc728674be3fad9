/** Small images of Kubernetes' own end-to-end tests beside agnhost, nginx, busybox and pause. */
import { buildLayer } from "../runtime/fs/layer.ts";
import type { Program } from "../runtime/kernel/types.ts";
import { busyboxFiles, runtimeFiles } from "../runtime/image/base-files.ts";
import type { ImageDefinition } from "./define.ts";
import { boomServer } from "./boom-server.ts";
import { answer, goNotFound, smallServer } from "./serving/small-server.ts";

const tested = (name: string): string[] => [
  `registry.k8s.io/e2e-test-images/${name}`,
  `k8s.gcr.io/e2e-test-images/${name}`,
  `gcr.io/kubernetes-e2e-test-images/${name}`,
];

const numbered = (tag: string): string | undefined => (/^\d+\.\d+$/.test(tag) ? tag : undefined);

/** The rolling update demo's two pictures. */
function picture(name: string): ImageDefinition {
  const layer = buildLayer(
    busyboxFiles,
    {
      "/app": { program: `e2e-${name}` },
      "/data.json": `{ "image": "${name}.jpg" }\n`,
      "/etc/os-release":
        'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.21.3\nPRETTY_NAME="Alpine Linux v3.21"\n',
    },
    runtimeFiles,
  );
  const server = smallServer({
    program: `e2e-${name}`,
    memoryMib: 3,
    start: () => [80],
    answer: (sys, _request, { path }) => {
      if (path === "/data.json") return answer(sys.readFile("/data.json"), "application/json");
      return path === "/" || path === "/index.html"
        ? answer(`<html><body><img src="${name}.jpg"></body></html>\n`, "text/html")
        : goNotFound();
    },
  });
  return {
    repositories: tested(name),
    resolveTag: numbered,
    version: (version) => ({
      version,
      entrypoint: ["/app"],
      cmd: [],
      env: {},
      layer,
      sizeBytes: 1_100_000,
    }),
    programs: [server],
  };
}

/** Prints its effective user: root's, by its setuid bit, where escalation is allowed. */
const effectiveUser: Program<Record<string, never>> = {
  name: "e2e-nonewprivs",
  start(sys) {
    sys.write(1, `Effective uid: ${sys.who.uid}\n`);
    return {};
  },
  step: () => ({ exit: 0 }),
};

const nonewprivs: ImageDefinition = {
  repositories: tested("nonewprivs"),
  resolveTag: numbered,
  version: (version) => ({
    version,
    entrypoint: ["/nnp"],
    cmd: [],
    env: {},
    layer: buildLayer(
      busyboxFiles,
      { "/nnp": { program: "e2e-nonewprivs", mode: 0o4755 } },
      runtimeFiles,
    ),
    sizeBytes: 2_500_000,
  }),
  programs: [effectiveUser],
};

const nonrootLayer = buildLayer(busyboxFiles, runtimeFiles);
const nonroot: ImageDefinition = {
  repositories: tested("nonroot"),
  resolveTag: numbered,
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: ["/bin/sh", "-c", "id -u"],
    env: {},
    user: "1234",
    layer: nonrootLayer,
    sizeBytes: 2_500_000,
  }),
};

export const e2eImages: ImageDefinition[] = [
  picture("nautilus"),
  picture("kitten"),
  nonewprivs,
  nonroot,
  boomServer,
];
