/** httpbin, in Python and in Go: what was asked is answered, and as it was asked for. */
import { buildLayer } from "../../runtime/fs/layer.ts";
import { debianFiles, runtimeFiles } from "../../runtime/image/base-files.ts";
import { fromBase64 } from "../../runtime/bytes.ts";
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { plainTime, rfc3339Milli } from "../../runtime/logs/times.ts";
import type { ImageDefinition } from "../define.ts";
import {
  answer,
  canonical,
  flagOf,
  html,
  smallServer,
  type Target,
} from "../serving/small-server.ts";
import { resolveVersion } from "../tags.ts";

interface Flavour {
  /** Values of headers and arguments are lists. */
  lists: boolean;
  /** The longest `/delay`, s. */
  delaySeconds: number;
}

const python: Flavour = { lists: false, delaySeconds: 10 };
const go: Flavour = { lists: true, delaySeconds: 10 };

const json = (value: unknown, status = 200): HttpResponse =>
  answer(`${JSON.stringify(value, null, 2)}\n`, "application/json; charset=utf-8", status, {
    "access-control-allow-origin": "*",
    "access-control-allow-credentials": "true",
  });

function headersOf(request: HttpRequest, { lists }: Flavour): object {
  const all = { host: request.host, ...request.headers };
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([name, value]) => [canonical(name), lists ? [value] : value]),
  );
}

const argsOf = ({ query }: Target, { lists }: Flavour): object =>
  Object.fromEntries([...query].map(([name, value]) => [name, lists ? [value] : value]));

const originOf = (request: HttpRequest): string =>
  request.headers["x-forwarded-for"]?.split(",")[0]?.trim() || request.clientIp;

function echo(request: HttpRequest, target: Target, flavour: Flavour): object {
  const form = /^application\/x-www-form-urlencoded/.test(request.headers["content-type"] ?? "");
  const [, search = ""] = request.path.split("?");
  const args = search === "" ? {} : argsOf(target, flavour);
  let parsed: unknown = null;
  try {
    if (!form && request.body !== "") parsed = JSON.parse(request.body);
  } catch {
    // A body that is no JSON is told as data alone.
  }
  const common = {
    args,
    headers: headersOf(request, flavour),
    ...(flavour.lists || target.path.startsWith("/anything") ? { method: request.method } : {}),
    origin: originOf(request),
    url: `http://${request.headers.host ?? request.host}${request.path}`,
  };
  if (request.method === "GET" && !target.path.startsWith("/anything")) return common;
  return {
    ...common,
    data: form ? "" : request.body,
    files: {},
    form: form ? argsOf(target, flavour) : {},
    json: parsed,
  };
}

const redirect = (location: string, status = 302): HttpResponse => ({
  ...html("", status),
  headers: { location, "content-type": "text/html; charset=utf-8" },
});

/** `/status/200` or, drawn by weight, `/status/200:3,500`. */
function statusOf(sys: Sys, text: string): number | undefined {
  const choices = text.split(",").map((one) => one.split(":"));
  const weights = choices.map(([, weight]) => Number(weight ?? 1));
  let at = sys.random() * weights.reduce((a, b) => a + b, 0);
  const chosen = choices.find((_, i) => (at -= weights[i] ?? 0) < 0) ?? choices[0];
  const status = Number(chosen?.[0]);
  return Number.isInteger(status) && status >= 200 && status < 600 ? status : undefined;
}

function authorized(request: HttpRequest, user: string, password: string): HttpResponse {
  const given = /^Basic ([A-Za-z0-9+/=]{1,400})$/.exec(request.headers.authorization ?? "")?.[1];
  const right = given !== undefined && fromBase64(given) === `${user}:${password}`;
  if (right) return json({ authenticated: true, authorized: true, user });
  return { status: 401, headers: { "www-authenticate": 'Basic realm="Fake Realm"' }, body: "" };
}

const uuid = (sys: Sys): string =>
  "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replaceAll("x", () =>
    Math.floor(sys.random() * 16).toString(16),
  );

function decoded(text: string): HttpResponse {
  const bytes = fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  return bytes === undefined ? answer("Incorrect Base64 data", undefined, 400) : html(bytes);
}

/** httpbin: core.py random_bytes */
const bytesMax = 100 * 1024;

/** Paths with something in them. */
function withArgument(
  sys: Sys,
  request: HttpRequest,
  target: Target,
  flavour: Flavour,
): HttpResponse | HttpAnswer | undefined {
  const [, verb = "", first = "", second = ""] = target.path.split("/");
  const number = /^\d{1,9}$/.test(first) ? Number(first) : undefined;
  switch (verb) {
    case "status": {
      const status = statusOf(sys, first);
      if (status === undefined) return answer("Invalid status code", undefined, 400);
      const moved = status > 300 && status < 304;
      return { status, headers: moved ? { location: "/redirect/1" } : {}, body: "" };
    }
    case "delay": {
      if (!/^\d{1,6}(\.\d{1,6})?$/.test(first)) return answer("Invalid duration", undefined, 400);
      const delayMs = Math.min(Number(first), flavour.delaySeconds) * 1000;
      return { response: json({ ...echo(request, target, flavour) }), delayMs };
    }
    case "redirect":
    case "relative-redirect":
    case "absolute-redirect":
      if (number === undefined) return undefined;
      return redirect(number > 1 ? `/relative-redirect/${number - 1}` : "/get");
    case "basic-auth":
      return authorized(request, first, second);
    case "base64":
      return decoded(first);
    case "bytes":
      if (number === undefined) return undefined;
      return answer(
        Array.from({ length: Math.min(number, bytesMax) }, () =>
          String.fromCharCode(Math.floor(sys.random() * 256)),
        ).join(""),
        "application/octet-stream",
      );
    case "anything":
      return json(echo(request, target, flavour));
  }
  return undefined;
}

const methods = new Set(["get", "post", "put", "patch", "delete"]);

function plainAnswer(
  sys: Sys,
  request: HttpRequest,
  target: Target,
  flavour: Flavour,
): HttpResponse | HttpAnswer {
  const name = target.path.slice(1);
  if (methods.has(name)) {
    if (request.method === name.toUpperCase() || (request.method === "HEAD" && name === "get"))
      return json(echo(request, target, flavour));
    return answer("Method Not Allowed\n", undefined, 405, { allow: name.toUpperCase() });
  }
  switch (name) {
    case "":
      return html(
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="UTF-8"><title>httpbin.org</title></head>\n<body><h1>httpbin</h1><p>A simple HTTP Request &amp; Response Service.</p></body>\n</html>\n',
      );
    case "headers":
      return json({ headers: headersOf(request, flavour) });
    case "ip":
      return json({ origin: originOf(request) });
    case "user-agent":
      return json({ "user-agent": request.headers["user-agent"] ?? "" });
    case "uuid":
      return json({ uuid: uuid(sys) });
    case "hostname":
      if (flavour.lists) return json({ hostname: sys.container.hostname });
      break;
    case "robots.txt":
      return answer("User-agent: *\nDisallow: /deny\n", "text/plain");
    case "redirect-to":
      return redirect(target.query.get("url") ?? "/get");
    case "response-headers": {
      const made = json(argsOf(target, flavour));
      for (const [key, value] of target.query)
        if (/^[\w-]{1,64}$/.test(key)) made.headers[key.toLowerCase()] = value;
      return made;
    }
  }
  return (
    withArgument(sys, request, target, flavour) ??
    html(
      '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n',
      404,
    )
  );
}

const portIn = (sys: Sys, otherwise: number): number => {
  const words = sys.argv.join(" ").slice(0, 1000);
  return Number(/(?:-b|--bind)[ =][\w.*[\]:]{0,40}:(\d{1,5})/.exec(words)?.[1] ?? otherwise);
};

const pythonServer = smallServer({
  program: "httpbin",
  memoryMib: 42,
  idleCpuMilli: 1,
  term: 0,
  title: "gunicorn: master [httpbin:app]",
  start(sys) {
    const port = portIn(sys, 80);
    const line = (text: string): string =>
      `[${plainTime(sys.now)} +0000] [${sys.pid}] [INFO] ${text}\n`;
    sys.complain(
      line("Starting gunicorn 19.9.0") +
        line(`Listening at: http://0.0.0.0:${port} (${sys.pid})`) +
        line("Using worker: gevent") +
        line("Booting worker with pid: 9"),
    );
    return [port];
  },
  answer: (sys, request, target) => plainAnswer(sys, request, target, python),
});

const goServer = smallServer({
  program: "go-httpbin",
  memoryMib: 7,
  term: 0,
  start(sys) {
    const port = Number(flagOf(sys, "port") ?? sys.env.PORT ?? 8080) || 8080;
    sys.complain(
      `time=${rfc3339Milli(sys.now)} level=INFO msg="go-httpbin listening on http://0.0.0.0:${port}"\n`,
    );
    return [port];
  },
  answer(sys, request, target) {
    const made = plainAnswer(sys, request, target, go);
    const response = "response" in made ? made.response : made;
    sys.complain(
      `time=${rfc3339Milli(sys.now)} level=INFO msg="${response.status} ${request.method} ${request.path.replace(/["\n]/g, "")} 0.1ms" status=${response.status} method=${request.method} uri=${request.path.replace(/["\n]/g, "")} size_bytes=${response.body.length} duration_ms=0.1 user_agent=${request.headers["user-agent"] ?? ""} client_ip=${request.clientIp}\n`,
    );
    return made;
  },
});

const pythonLayer = buildLayer(
  debianFiles({ version: "18.04.6", codename: "bionic", id: "ubuntu" }),
  { "/usr/local/bin/gunicorn": { program: "httpbin" } },
  runtimeFiles,
);
const goLayer = buildLayer({ "/bin/go-httpbin": { program: "go-httpbin" } }, runtimeFiles);

export const httpbinImages: ImageDefinition[] = [
  {
    repositories: ["docker.io/kennethreitz/httpbin", "docker.io/kong/httpbin"],
    resolveTag: (tag) => (/^(latest|v?0\.\d\.\d)$/.test(tag) ? tag : undefined),
    version: (version) => ({
      version,
      entrypoint: [],
      cmd: ["gunicorn", "-b", "0.0.0.0:80", "httpbin:app", "-k", "gevent"],
      env: { LC_ALL: "C.UTF-8", LANG: "C.UTF-8" },
      workingDir: "/httpbin",
      layer: pythonLayer,
      sizeBytes: 204_000_000,
    }),
    programs: [pythonServer, goServer],
  },
  {
    repositories: ["docker.io/mccutchen/go-httpbin", "ghcr.io/mccutchen/go-httpbin"],
    resolveTag: (tag) => resolveVersion({ series: { 1: 1, 2: 20 }, latest: "2.20.0" }, tag),
    version: (version) => ({
      version,
      entrypoint: [],
      cmd: ["/bin/go-httpbin"],
      env: {},
      user: "65532",
      layer: goLayer,
      sizeBytes: 8_400_000,
    }),
  },
];
