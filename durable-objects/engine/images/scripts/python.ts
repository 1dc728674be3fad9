/** python: one-liners, its own file server, and its image. */
import { Errno } from "../../runtime/errno.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import { commonLogTime, httpDate } from "../../runtime/logs/times.ts";
import { mimeType } from "../../runtime/http/mime.ts";
import { answer, html, targetOf } from "../serving/small-server.ts";
import { fullPath, languageImage, languageVersion, prompt } from "../languages.ts";
import { runScript, takeScript, type ScriptState, scriptNames } from "./interpreter.ts";
import { pip } from "./pip.ts";

interface State extends ScriptState {
  /** Serves this folder. */
  folder?: string;
}

function taken(sys: Sys, source: string, words: string[]): State {
  return { ...takeScript(sys, "python", source), ...(words.length ? { words } : {}) };
}

function fromFile(sys: Sys, path: string, words: string[]): State {
  try {
    return taken(sys, sys.readFile(path), words);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.complain(`python: can't open file '${fullPath(sys, path)}': [Errno 2] ${error.message}\n`);
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

function begin(sys: Sys): State {
  const words = sys.argv.slice(1);
  while (/^-[uBEsIq]+$/.test(words[0] ?? "")) words.shift();
  const [first, second] = words;
  if (first === "--version" || first === "-V") {
    sys.write(1, `Python ${languageVersion(sys, "python")}\n`);
    return { exitCode: 0 };
  }
  if (first === "-c") return taken(sys, second ?? "", words.slice(2));
  if (first === "-m") {
    if (second === "http.server") return fileServer(sys, words.slice(2));
    sys.complain(
      `python: this sandbox simulates no module but http.server; asked for: ${second ?? ""}\n`,
    );
    return { exitCode: 1 };
  }
  if (first !== undefined && !first.startsWith("-")) return fromFile(sys, first, words.slice(1));
  return prompt(sys, "python", "-c 'print(1)'");
}

const python: Program<State> = {
  name: "python",
  storedNames: scriptNames,
  start: begin,
  step(sys, state) {
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    return state.folder === undefined ? runScript(sys, state, "python") : { wait: {} };
  },
  // It has no handler for SIGTERM; Ctrl-C is an exception to it.
  handles: (state, signal) => signal === 2 && state?.folder !== undefined,
  signal(sys) {
    sys.complain("\nKeyboard interrupt received, exiting.\n");
    return { exit: 0 };
  },
  http(sys, state, request) {
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
  memoryBytes: (state) => (state?.folder ? 18_000_000 : 9_000_000),
};

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

export const pythonImage = languageImage(
  "python",
  { series: { 2: 7, 3: 14 }, latest: "3.14.0" },
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
  [python, pip],
);
