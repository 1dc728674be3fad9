/** The web pages of tutorials: hello-app, hello-kubernetes, kubernetes-bootcamp. */
import { kernelRelease } from "../core/machine-facts.ts";
import { buildLayer } from "../runtime/fs/layer.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import {
  alpineFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
} from "../runtime/image/base-files.ts";
import type { ImageVersion } from "../runtime/image/image.ts";
import type { ImageDefinition } from "./define.ts";
import { rfc3339Milli } from "../runtime/logs/times.ts";
import { nginx } from "./nginx/nginx.ts";
import { layerOf } from "./nginx/files.ts";
import { answer, goLog, html, portOf, smallServer } from "./serving/small-server.ts";

// gcr.io/google-samples/hello-app

const helloApp = smallServer({
  program: "hello-app",
  memoryMib: 4,
  start(sys) {
    const port = sys.env.PORT || "8080";
    goLog(sys, `Server listening on port ${port}`);
    return [portOf(port)];
  },
  answer(sys, _request, { path }) {
    goLog(sys, `Serving request: ${path}`);
    return answer(
      `Hello, world!\nVersion: ${sys.container.image.version}\nHostname: ${sys.container.hostname}\n`,
    );
  },
});
const helloAppLayer = buildLayer(
  alpineFiles("3.18.4"),
  { "/hello-app": { program: "hello-app" } },
  runtimeFiles,
);

export const helloAppImage: ImageDefinition = {
  repositories: [
    "gcr.io/google-samples/hello-app",
    "gcr.io/google_samples/hello-app",
    "us-docker.pkg.dev/google-samples/containers/gke/hello-app",
  ],
  resolveTag: (tag) => (/^[12]\.0$/.test(tag) ? `${tag}.0` : undefined),
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: ["/hello-app"],
    env: { PORT: "8080" },
    ...(version === "1.0.0" ? {} : { user: "65532" }),
    layer: helloAppLayer,
    sizeBytes: 13_745_365,
  }),
  programs: [helloApp],
};

// paulbouwer/hello-kubernetes

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function helloPage(sys: Sys): string {
  const { env } = sys;
  const base = (env.HANDLER_PATH_PREFIX ?? "").replace(/\/$/, "");
  const rows = [
    ["namespace", env.KUBERNETES_NAMESPACE || "-"],
    ["pod", env.KUBERNETES_POD_NAME || sys.container.hostname],
    ["node", `${env.KUBERNETES_NODE_NAME || "-"} (Linux ${kernelRelease})`],
  ].map(
    ([name = "", value = ""]) => `      <tr><th>${name}:</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<!DOCTYPE html>
<html>
<head>
  <title>Hello Kubernetes!</title>
  <link rel="stylesheet" type="text/css" href="${base}/css/main.css">
</head>
<body>
  <div class="main">
    <div id="message">${escapeHtml(env.MESSAGE || "Hello world!")}</div>
    <table id="info">
${rows.join("\n")}
    </table>
  </div>
</body>
</html>
`;
}

const helloKubernetes = smallServer({
  program: "hello-kubernetes",
  memoryMib: 38,
  term: "ignored",
  idleCpuMilli: 1,
  title: "node server.js",
  start(sys) {
    const port = sys.env.PORT || "8080";
    sys.write(
      1,
      `{"level":30,"time":${sys.now},"pid":${sys.pid},"hostname":"${sys.container.hostname}","msg":"Listening on: http://${sys.container.hostname}:${port}"}\n`,
    );
    return [portOf(port)];
  },
  answer(sys, request, { path }) {
    if (path.endsWith(".css"))
      return answer("body { font-family: sans-serif; }\n", "text/css; charset=UTF-8");
    sys.write(
      1,
      `{"level":30,"time":${sys.now},"pid":${sys.pid},"hostname":"${sys.container.hostname}","req":{"method":"${request.method}","url":"${path.replace(/["\\]/g, "")}"},"msg":"request"}\n`,
    );
    return html(helloPage(sys));
  },
});
const helloKubernetesLayer = buildLayer(
  alpineFiles("3.13.5"),
  {
    "/usr/local/bin/node": { program: "hello-kubernetes" },
    "/usr/src/app/server.js": "// Serves the page.\n",
  },
  runtimeFiles,
);

export const helloKubernetesImage: ImageDefinition = {
  repositories: ["docker.io/paulbouwer/hello-kubernetes"],
  resolveTag: (tag) =>
    /^(1|1\.(\d|10)(\.\d)?)$/.test(tag) ? tag : tag === "latest" ? "1.10.1" : undefined,
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: ["node", "server.js"],
    env: { NODE_VERSION: "16.13.0" },
    user: "node",
    workingDir: "/usr/src/app",
    layer: helloKubernetesLayer,
    sizeBytes: 42_188_790,
  }),
  programs: [helloKubernetes],
};

// gcr.io/google-samples/kubernetes-bootcamp

interface BootcampState {
  exitCode?: number;
  /** Requests so far. */
  requests?: number;
}

const bootcampServer = smallServer({
  program: "kubernetes-bootcamp",
  memoryMib: 22,
  // node as PID 1 has no handler, so the kubelet waits its whole grace time.
  term: "ignored",
  title: "node server.js",
  start(sys) {
    sys.write(
      1,
      `Kubernetes Bootcamp App Started At: ${rfc3339Milli(sys.now)} | Running On:  ${sys.container.hostname} \n\n`,
    );
    return [8080];
  },
  answer(sys) {
    const state = sys.process.state as BootcampState;
    state.requests = (state.requests ?? 0) + 1;
    const host = sys.container.hostname;
    const uptime = (sys.now - sys.process.startedAtMs) / 1000;
    sys.write(
      1,
      `Running On: ${host} | Total Requests: ${state.requests} | App Uptime: ${uptime} seconds | Log Time: ${rfc3339Milli(sys.now)}\n`,
    );
    return answer(
      `Hello Kubernetes bootcamp! | Running on: ${host} | v=${sys.container.image.version.slice(1)}\n`,
      "text/plain",
    );
  },
});
/** Its node runs its server, and what else it is given. */
const bootcampNode: Program<BootcampState> = {
  name: "bootcamp-node",
  storedNames: { fields: { exitCode: "x", requests: "n" } },
  start(sys) {
    const own = sys.argv[1]?.replace(/^.*\//, "") === "server.js";
    sys.become(own ? "kubernetes-bootcamp" : "node", [...sys.argv], sys.env, "/usr/local/bin/node");
    return sys.process.state as BootcampState;
  },
  step: () => ({ exit: 0 }),
};
const bootcampFiles = {
  ...debianFiles(debianReleases.buster!),
  "/usr/local/bin/node": { program: "bootcamp-node" },
  "/usr/bin/curl": { program: "curl" },
  "/usr/bin/wget": { program: "wget" },
  "/server.js":
    "var http = require('http');\nvar requests = 0;\nvar podname = process.env.HOSTNAME;\n// Answers every request with the Pod's name and its version, on port 8080.\n",
};
let bootcampLayer: ImageVersion["layer"] | undefined;

export const bootcampImage: ImageDefinition = {
  repositories: [
    "gcr.io/google-samples/kubernetes-bootcamp",
    "docker.io/jocatalin/kubernetes-bootcamp",
    "gcr.io/k8s-minikube/kubernetes-bootcamp",
    "docker.io/kubernetes/kubernetes-bootcamp",
  ],
  resolveTag: (tag) => (/^v[12]$/.test(tag) ? tag : tag === "latest" ? "v2" : undefined),
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: ["node", "server.js"],
    env: { NODE_VERSION: "6.3.1", NPM_CONFIG_LOGLEVEL: "info" },
    layer: (bootcampLayer ??= buildLayer(bootcampFiles, runtimeFiles)),
    sizeBytes: 83_605_640,
  }),
  programs: [bootcampServer, bootcampNode],
};

// The frontend and backend of the page about Services

const helloGo = smallServer({
  program: "hello-go",
  memoryMib: 4,
  start: () => [80],
  answer: () => answer('{"message":"Hello"}\n'),
});
const helloGoLayer = buildLayer({ "/app": { program: "hello-go" } }, runtimeFiles);

export const helloGoImage: ImageDefinition = {
  repositories: ["gcr.io/google-samples/hello-go-gke", "gcr.io/google_samples/hello-go-gke"],
  resolveTag: (tag) => (tag === "1.0" ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: [],
    cmd: ["/app"],
    env: {},
    layer: helloGoLayer,
    sizeBytes: 4_500_000,
  }),
  programs: [helloGo],
};

let frontend: ImageVersion | undefined;

export const helloFrontendImage: ImageDefinition = {
  repositories: ["gcr.io/google-samples/hello-frontend", "gcr.io/google_samples/hello-frontend"],
  resolveTag: (tag) => (tag === "1.0" ? tag : undefined),
  version() {
    frontend ??= {
      ...nginx.version("1.14.2", ""),
      layer: layerOf(false, {
        "/etc/nginx/conf.d/default.conf":
          "upstream Backend {\n    server hello;\n}\n\nserver {\n    listen 80;\n\n    location / {\n        proxy_pass http://Backend;\n    }\n}\n",
      }),
    };
    return frontend;
  },
};

export const helloImages: ImageDefinition[] = [
  helloAppImage,
  helloKubernetesImage,
  bootcampImage,
  helloGoImage,
  helloFrontendImage,
];
