/** agnhost's test-webserver: the container's files over HTTP. k8s: test/images/agnhost/test-webserver; Go: net/http FileServer */
import { lookup } from "../../core/lookup.ts";
import type { HttpAnswer } from "../../runtime/kernel/calls.ts";
import type { HttpRequest } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { httpDate } from "../../runtime/logs/times.ts";
import {
  answer,
  flagOf,
  goAnswer,
  goListen,
  goNotFound,
  html,
  targetOf,
} from "../serving/small-server.ts";

/** Go: mime/type.go builtinTypesLower; the image has no mime.types. */
const types: Record<string, string> = lookup({
  css: "text/css; charset=utf-8",
  gif: "image/gif",
  htm: "text/html; charset=utf-8",
  html: "text/html; charset=utf-8",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  wasm: "application/wasm",
  webp: "image/webp",
  xml: "text/xml; charset=utf-8",
});

const common = {
  "cache-control": "private",
  "access-control-allow-origin": "*",
  "access-control-allow-credentials": "true",
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers":
    "DNT,X-Mx-ReqToken,Keep-Alive,User-Agent,X-Requested-With,Cache-Control,Content-Type",
};

// oxlint-disable-next-line no-control-regex
const binary = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/;

type Response = HttpAnswer["response"];

function file(sys: Sys, path: string, mtime: number): Response {
  if (!sys.access(path, 4)) return answer("403 Forbidden\n", undefined, 403);
  const text = sys.readFile(path);
  const ending = path.slice(path.lastIndexOf("/")).split(".").slice(1).at(-1) ?? "";
  const made = goAnswer(text);
  // Go: net/http/sniff.go looks at the first 512 bytes.
  const sniffed = binary.test(text.slice(0, 512))
    ? "application/octet-stream"
    : made.headers["content-type"];
  made.headers["content-type"] = types[ending.toLowerCase()] ?? sniffed ?? "";
  Object.assign(made.headers, { "accept-ranges": "bytes", "last-modified": httpDate(mtime) });
  return made;
}

function folder(sys: Sys, path: string): Response {
  const names = sys.list(path).map((name) => {
    const shown = sys.peek(`${path}${name}`)?.type === "d" ? `${name}/` : name;
    return `<a href="${shown}">${shown}</a>\n`;
  });
  return html(
    `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${names.join("")}</pre>\n`,
  );
}

const moved = (location: string): Response => ({ status: 301, headers: { location }, body: "" });

function served(sys: Sys, request: HttpRequest): Response {
  const { path } = targetOf(request);
  if (path.endsWith("/index.html")) return moved("./");
  const bare = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  const stat = sys.peek(bare);
  if (stat?.type !== "f" && stat?.type !== "d") return goNotFound();
  const name = bare.slice(bare.lastIndexOf("/") + 1);
  if (stat.type === "f") return bare === path ? file(sys, path, stat.mtime) : moved(`../${name}`);
  if (!path.endsWith("/")) return moved(`${name}/`);
  const index = sys.peek(`${path}index.html`);
  return index?.type === "f" ? file(sys, `${path}index.html`, index.mtime) : folder(sys, path);
}

export const testWebserver = {
  start: (sys: Sys): number | void =>
    goListen(sys, Number(flagOf(sys, "port") ?? 80)) ? undefined : 1,
  http(sys: Sys, _state: unknown, request: HttpRequest): Response {
    const made = served(sys, request);
    return { ...made, headers: { ...common, ...made.headers } };
  },
};
