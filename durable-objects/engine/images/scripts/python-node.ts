/** python and node: one-liners, and Python's own file server. */
import { Errno } from "../../runtime/errno.ts";
import { buildLayer } from "../../runtime/fs/layer.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import {
  alpineFiles,
  debianFiles,
  debianReleases,
  runtimeFiles,
  type FileTable,
} from "../../runtime/image/base-files.ts";
import { commandEntry } from "../command-entry.ts";
import type { ImageVersion } from "../../runtime/image/image.ts";
import type { ImageDefinition } from "../define.ts";
import { commonLogTime, httpDate } from "../../runtime/logs/times.ts";
import { mimeType } from "../../runtime/http/mime.ts";
import { answer, html, targetOf } from "../serving/small-server.ts";
import {
  languageVersion,
  runScript,
  takeScript,
  type ScriptState,
  scriptNames,
} from "./interpreter.ts";
import { pip } from "./pip.ts";
import { nodeHandles, nodeHttp, nodeSignal, runNode, takeNode, type NodeState } from "../javascript/node-script.ts"; // prettier-ignore
import { resolveVersion } from "../tags.ts";

interface State extends ScriptState, NodeState {
  /** Serves this folder. */
  folder?: string;
}

/** Node's machine takes most programs; what it refuses the little interpreter may know. */
function taken(
  sys: Sys,
  name: "python" | "node",
  path: string,
  source: string,
  words: string[],
): State {
  if (name === "node") {
    const known = takeNode(sys, path, source, words, languageVersion(sys, name));
    if (known !== "beyond") return known;
  }
  return { ...takeScript(sys, name, source), ...(words.length ? { words } : {}) };
}

/** A file as Node.js finds it: `server` is server.js too, a folder its index.js. */
function nodeFile(sys: Sys, path: string): string {
  const full = path.startsWith("/")
    ? path
    : `${sys.cwd.replace(/\/$/, "")}/${path.replace(/^\.\//, "")}`;
  const found = [full, `${full}.js`, `${full.replace(/\/\.?$/, "")}/index.js`];
  return found.find((one) => sys.peek(one)?.type === "f") ?? full;
}

function fromFile(sys: Sys, path: string, name: "python" | "node", words: string[]): State {
  try {
    const file = name === "node" ? nodeFile(sys, path) : path;
    return taken(sys, name, file, sys.readFile(file), words);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    if (name === "node") {
      const full = path.startsWith("/") ? path : `${sys.cwd.replace(/\/$/, "")}/${path}`;
      sys.complain(
        `node:internal/modules/cjs/loader:1210\n  throw err;\n  ^\n\nError: Cannot find module '${full}'\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15) {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n}\n\nNode.js v${sys.container.image.version}\n`,
      );
      return { exitCode: 1 };
    }
    sys.complain(
      `python: can't open file '${path.startsWith("/") ? path : `${sys.cwd.replace(/\/$/, "")}/${path}`}': [Errno 2] ${error.message}\n`,
    );
    return { exitCode: 2 };
  }
}

function fileServer(sys: Sys, words: string[]): State {
  let port = 8000;
  let folder = sys.cwd;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--bind" || word === "-b" || word === "--protocol" || word === "-p") i++;
    else if (word === "--directory" || word === "-d") folder = words[++i] ?? folder;
    else if (/^\d+$/.test(word)) port = Number(word);
  }
  try {
    sys.listen(port, "h");
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const [number, name] = error.code === "EACCES" ? [13, "PermissionError"] : [98, "OSError"];
    sys.complain(
      `Traceback (most recent call last):\n${name}: [Errno ${number}] ${error.message}\n`,
    );
    return { exitCode: 1 };
  }
  // Python keeps what it prints to a pipe in its buffer until told otherwise.
  if (sys.env.PYTHONUNBUFFERED || sys.argv.includes("-u") || sys.terminal(1))
    sys.write(1, `Serving HTTP on 0.0.0.0 port ${port} (http://0.0.0.0:${port}/) ...\n`);
  return { folder };
}

/** The program that an option brings. */
function givenText(
  name: "python" | "node",
  [option = "", text = ""]: string[],
): string | undefined {
  if (name === "python") return option === "-c" ? text : undefined;
  if (option === "-e" || option === "--eval") return text;
  return /^(-p|--print|-pe)$/.test(option) ? `console.log(${text})` : undefined;
}

function begin(sys: Sys, name: "python" | "node"): State {
  const words = sys.argv.slice(1);
  if (name === "python") while (/^-[uBEsIq]+$/.test(words[0] ?? "")) words.shift();
  // What V8 and warnings are told is not for us.
  const own = /^--(?!(eval|print|version)$)[a-z-]+/;
  if (name === "node") while (words.length > 1 && own.test(words[0] ?? "")) words.shift();
  const [first, second] = words;
  const version = languageVersion(sys, name);
  if (first === "--version" || first === "-V" || (name === "node" && first === "-v")) {
    sys.write(1, name === "node" ? `v${version}\n` : `Python ${version}\n`);
    return { exitCode: 0 };
  }
  const source = givenText(name, words);
  if (source !== undefined) {
    return taken(sys, name, "[eval]", source, words.slice(2));
  }
  if (first === "-m" && name === "python") {
    if (second === "http.server") return fileServer(sys, words.slice(2));
    sys.complain(
      `python: this sandbox simulates no module but http.server; asked for: ${second ?? ""}\n`,
    );
    return { exitCode: 1 };
  }
  if (first !== undefined && !first.startsWith("-"))
    return fromFile(sys, first, name, words.slice(1));
  if (sys.terminal(0))
    sys.complain(
      `${name}: this sandbox has no interactive interpreter; try ${name} ${name === "node" ? "-e 'console.log(1)'" : "-c 'print(1)'"}\n`,
    );
  return { exitCode: sys.terminal(0) ? 1 : 0 };
}

const interpreter = (name: "python" | "node"): Program<State> => ({
  name,
  storedNames: scriptNames,
  start: (sys) => begin(sys, name),
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    if (state.node) return runNode(sys, state);
    return state.folder === undefined ? runScript(sys, state, name) : { wait: {} };
  },
  // Neither has a handler for SIGTERM; Ctrl-C is an exception to Python.
  handles: (state, signal) =>
    (signal === 2 && state?.folder !== undefined) || (state ? nodeHandles(state, signal) : false),
  signal(sys, state, signal) {
    if (state.node) return nodeSignal(sys, state, signal);
    sys.complain("\nKeyboard interrupt received, exiting.\n");
    return { exit: 0 };
  },
  http(sys, state, request) {
    if (state.node) return nodeHttp(sys, state, request);
    const { path } = targetOf(request);
    const full = `${(state.folder ?? "").replace(/\/$/, "")}${path}`;
    const response = serve(sys, full, path);
    response.headers = {
      server: `SimpleHTTP/0.6 Python/${sys.container.image.version}`,
      date: httpDate(sys.now),
      ...response.headers,
    };
    const day = commonLogTime(sys.now).slice(0, -6).replace(":", " ");
    if (response.status === 404)
      sys.complain(`${request.clientIp} - - [${day}] code 404, message File not found\n`);
    sys.complain(
      `${request.clientIp} - - [${day}] "${request.method} ${request.path} HTTP/1.1" ${response.status} -\n`,
    );
    return { response };
  },
  memoryBytes: (state) => (name === "node" ? 36_000_000 : state?.folder ? 18_000_000 : 9_000_000),
});

function serve(sys: Sys, full: string, path: string) {
  const stat = sys.peek(full);
  if (stat?.type === "d" && !path.endsWith("/"))
    return answer("", "text/html", 301, { location: `${path}/` });
  const index =
    stat?.type === "d" && sys.peek(`${full}index.html`)?.type === "f" ? `${full}index.html` : full;
  const file = sys.peek(index);
  if (file?.type === "f" && sys.access(index, 4))
    return answer(sys.readFile(index), mimeType(index, "application/octet-stream"), 200, {
      "last-modified": httpDate(file.mtime),
    });
  if (file?.type === "d") {
    const items = sys.list(index).map((name) => {
      const shown = sys.peek(`${index}${name}`)?.type === "d" ? `${name}/` : name;
      return `<li><a href="${encodeURI(shown)}">${shown}</a></li>\n`;
    });
    return html(
      `<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Directory listing for ${path}</title>\n</head>\n<body>\n<h1>Directory listing for ${path}</h1>\n<hr>\n<ul>\n${items.join("")}</ul>\n<hr>\n</body>\n</html>\n`,
    );
  }
  return html(
    `<!DOCTYPE HTML>\n<html lang="en">\n    <head>\n        <meta charset="utf-8">\n        <title>Error response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: 404</p>\n        <p>Message: File not found.</p>\n        <p>Error code explanation: 404 - Nothing matches the given URI.</p>\n    </body>\n</html>\n`,
    404,
  );
}

/** What images have that are built on buildpack-deps: those that are neither slim nor alpine's. */
const fullFiles: FileTable = {
  "/usr/bin/curl": { program: "curl" },
  "/usr/bin/wget": { program: "wget" },
  "/usr/bin/git": { program: "git" },
};

function image(
  repositories: string[],
  resolveTag: ImageDefinition["resolveTag"],
  files: (version: string) => FileTable,
  settings: (version: string) => Pick<ImageVersion, "entrypoint" | "cmd" | "env" | "sizeBytes">,
  programs: Program[],
): ImageDefinition {
  const versions = new Map<string, ImageVersion>();
  return {
    repositories,
    resolveTag,
    version(version, tag) {
      const alpine = tag.includes("alpine");
      const slim = alpine || tag.includes("slim");
      const key = `${version} ${alpine} ${slim}`;
      let found = versions.get(key);
      if (!found) {
        const base = alpine ? alpineFiles("3.22.2") : debianFiles(debianReleases.trixie!);
        found = {
          version,
          ...settings(version),
          layer: buildLayer(base, slim ? {} : fullFiles, files(version), runtimeFiles),
        };
        versions.set(key, found);
      }
      return found;
    },
    programs,
  };
}

const variants = /^(lts-)?(slim|alpine|bookworm|trixie|bullseye|buster|stretch)[\d.]*(-slim)?$/;

export const pythonImage = image(
  [
    "docker.io/library/python",
    "public.ecr.aws/docker/library/python",
    "mirror.gcr.io/library/python",
  ],
  (tag) => resolveVersion({ series: { 2: 7, 3: 14 }, latest: "3.14.0", variants }, tag),
  (version) => ({
    "/usr/local/bin/python3": { program: "python" },
    "/usr/local/bin/python": { link: "python3" },
    "/usr/local/bin/pip": { program: "pip" },
    "/usr/local/bin/pip3": { link: "pip" },
    [`/usr/local/bin/python${version.split(".").slice(0, 2).join(".")}`]: { link: "python3" },
  }),
  (version) => ({
    entrypoint: [],
    cmd: ["python3"],
    env: {
      PATH: "/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      LANG: "C.UTF-8",
      PYTHON_VERSION: version,
    },
    sizeBytes: 48_000_000,
  }),
  [interpreter("python"), pip],
);

export const nodeImage = image(
  ["docker.io/library/node", "public.ecr.aws/docker/library/node", "mirror.gcr.io/library/node"],
  (tag) =>
    resolveVersion(
      {
        series: {
          0: 12,
          4: 9,
          6: 17,
          8: 17,
          10: 24,
          12: 22,
          14: 21,
          16: 20,
          18: 20,
          20: 19,
          22: 21,
          24: 11,
          25: 2,
        },
        latest: "25.2.0",
        names: { lts: "24.11.1", current: "25.2.0" },
        variants,
      },
      tag,
    ),
  () => ({
    "/usr/local/bin/node": { program: "node" },
    "/usr/local/bin/nodejs": { link: "node" },
    "/usr/local/bin/docker-entrypoint.sh": { program: "node-entrypoint" },
  }),
  (version) => ({
    entrypoint: ["docker-entrypoint.sh"],
    cmd: ["node"],
    env: { NODE_VERSION: version, YARN_VERSION: "1.22.22" },
    sizeBytes: 62_000_000,
  }),
  [
    interpreter("node"),
    commandEntry("node-entrypoint", "/usr/local/bin/docker-entrypoint.sh: 8", "node"),
  ],
);
