/** Small servers of courses: istio's helloworld, webapp-color, test-webserver. */
import { buildLayer } from "../../runtime/fs/layer.ts";
import { Errno } from "../../runtime/errno.ts";
import {
  alpineFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
} from "../../runtime/image/base-files.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { commonLogTime } from "../../runtime/logs/times.ts";
import type { ImageDefinition } from "../define.ts";
import { answer, flagOf, goNotFound, html, smallServer } from "../serving/small-server.ts";

const flaskNotFound = (): HttpResponse =>
  html(
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n",
    404,
  );

/** `10.244.1.3 - - [20/Nov/2026 22:04:59] "GET / HTTP/1.1" 200 -`: werkzeug. */
function flaskLog(sys: Sys, request: HttpRequest, made: HttpResponse): HttpResponse {
  const at = commonLogTime(sys.now).replace(" +0000", "").replace(":", " ");
  sys.complain(
    `${request.clientIp} - - [${at}] "${request.method} ${request.path} HTTP/1.1" ${made.status} -\n`,
  );
  return made;
}

// istio's helloworld

/** A million square roots in Python. */
const helloMs = 60;

const helloworld = smallServer({
  program: "istio-helloworld",
  memoryMib: 32,
  idleCpuMilli: 1,
  term: 143,
  title: "python app.py",
  start(sys) {
    sys.complain(
      " * Serving Flask app 'app'\n * Debug mode: off\nWARNING: This is a development server. Do not use it in a production deployment. Use a production WSGI server instead.\n * Running on all addresses (::)\n * Running on http://[::1]:5000\nPress CTRL+C to quit\n",
    );
    return [5000];
  },
  answer(sys, request, { path }) {
    if (path === "/health") return flaskLog(sys, request, html("Helloworld is healthy"));
    if (path !== "/hello") return flaskLog(sys, request, flaskNotFound());
    const { SERVICE_VERSION: version = "None", HOSTNAME: instance = "" } = sys.env;
    const text = `Hello version: ${version}, instance: ${instance}\n`;
    return { response: flaskLog(sys, request, html(text)), cpuMs: helloMs };
  },
});

const flaskLayer = (program: string): ReturnType<typeof buildLayer> =>
  buildLayer(
    debianFiles(debianReleases.bookworm!),
    { "/usr/local/bin/python": { program }, "/usr/bin/curl": { program: "curl" } },
    runtimeFiles,
  );
const helloLayer = flaskLayer("istio-helloworld");

const helloImage = (version: string): ImageDefinition => ({
  repositories: [
    `docker.io/istio/examples-helloworld-${version}`,
    `registry.istio.io/release/examples-helloworld-${version}`,
    `registry.istio.io/testing/examples-helloworld-${version}`,
    `gcr.io/istio-release/examples-helloworld-${version}`,
  ],
  resolveTag: (tag) => (/^(latest|1\.\d.*|\d.*)$/.test(tag) ? tag : undefined),
  version: (tag) => ({
    version: tag,
    entrypoint: [],
    cmd: ["python", "/opt/microservices/app.py"],
    env: { SERVICE_VERSION: version },
    user: "1000",
    workingDir: "/opt/microservices",
    layer: helloLayer,
    sizeBytes: 66_000_000,
  }),
});

// kodekloud/webapp-color

const colors: Record<string, string> = {
  red: "#e74c3c",
  green: "#16a085",
  blue: "#2980b9",
  blue2: "#30336b",
  pink: "#be2edd",
  darkblue: "#130f40",
};

/** The colour it was given: by its command line, its variable, or, where neither names one, by its name. */
function colorOf(sys: Sys): string {
  const given = flagOf(sys, "color") ?? sys.env.APP_COLOR;
  if (given !== undefined && given !== "") return given;
  const names = Object.keys(colors);
  const sum = [...sys.container.hostname].reduce((a, c) => a + c.charCodeAt(0), 0);
  return names[sum % names.length] ?? "red";
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const webappColor = smallServer({
  program: "webapp-color",
  memoryMib: 24,
  idleCpuMilli: 1,
  term: "ignored",
  title: "python app.py",
  start(sys) {
    const flag = flagOf(sys, "color");
    const { APP_COLOR: variable } = sys.env;
    const color = colorOf(sys);
    sys.write(
      1,
      flag
        ? `Color from command line argument =${flag}\n`
        : variable
          ? `No Command line argument. Color from environment variable =${variable}\n`
          : `No command line argument or environment variable. Picking a Random Color =${color}\n`,
    );
    if (!Object.hasOwn(colors, color)) {
      sys.write(
        1,
        `Color not supported. Received '${color}' expected one of ${Object.keys(colors).sort().join(",")}\n`,
      );
      return { exit: 1 };
    }
    sys.complain(
      ' * Serving Flask app "app" (lazy loading)\n * Environment: production\n   WARNING: Do not use the development server in a production environment.\n   Use a production WSGI server instead.\n * Debug mode: off\n * Running on http://0.0.0.0:8080/ (Press CTRL+C to quit)\n',
    );
    return [8080];
  },
  answer(sys, request, { path }) {
    if (path === "/color") return flaskLog(sys, request, html(colorOf(sys)));
    if (path !== "/") return flaskLog(sys, request, flaskNotFound());
    const name = colorOf(sys);
    return flaskLog(
      sys,
      request,
      html(
        `<!doctype html>\n<title>Hello from Flask</title>\n<body style="background: ${colors[name] ?? ""};"></body>\n<div style="color: #e4e4e4;\n    text-align: center;\n    height: 90px;\n    vertical-align: middle;">\n\n  <h1>Hello from ${escapeHtml(sys.container.hostname)}!</h1>\n\n</div>`,
      ),
    );
  },
});

const webappColorImage: ImageDefinition = {
  repositories: ["docker.io/kodekloud/webapp-color", "docker.io/mmumshad/simple-webapp-color"],
  resolveTag: (tag) => (/^(latest|v[1-3])$/.test(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: ["python", "app.py"],
    cmd: [],
    env: {},
    workingDir: "/opt",
    layer: webappColorLayer,
    sizeBytes: 31_000_000,
  }),
  programs: [webappColor],
};
const webappColorLayer = buildLayer(
  alpineFiles("3.15.11"),
  { "/usr/local/bin/python": { program: "webapp-color" } },
  runtimeFiles,
);

// registry.k8s.io/test-webserver: its own files, by Go's file server

/** Go's listing of a folder. */
function listing(sys: Sys, folder: string): HttpResponse {
  const names = sys
    .list(folder)
    .sort()
    .map((name) => (sys.peek(`${folder}/${name}`)?.type === "d" ? `${name}/` : name));
  const links = names.map((name) => `<a href="${escapeHtml(name)}">${escapeHtml(name)}</a>\n`);
  return html(`<pre>\n${links.join("")}</pre>\n`);
}

const webserver = smallServer({
  program: "test-webserver",
  memoryMib: 3,
  start: (sys) => [Number(flagOf(sys, "port") ?? 80)],
  answer(sys, _request, { path }) {
    try {
      const found = sys.stat(path);
      if (found.type === "d") return listing(sys, path);
      return answer(sys.readFile(path));
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return goNotFound();
    }
  },
});

const webserverImage: ImageDefinition = {
  repositories: [
    "registry.k8s.io/test-webserver",
    "k8s.gcr.io/test-webserver",
    "gcr.io/google_containers/test-webserver",
    "gcr.io/google-samples/test-webserver",
  ],
  resolveTag: (tag) => (/^(latest|e2e|1\.0)$/.test(tag) ? tag : undefined),
  version: (version) => ({
    version,
    entrypoint: ["/test-webserver"],
    cmd: [],
    env: {},
    layer: webserverLayer,
    sizeBytes: 4_500_000,
  }),
  programs: [webserver],
};
const webserverLayer = buildLayer(
  { "/test-webserver": { program: "test-webserver" } },
  runtimeFiles,
);

export const smallPageImages: ImageDefinition[] = [
  { ...helloImage("v1"), programs: [helloworld] },
  helloImage("v2"),
  webappColorImage,
  webserverImage,
];
