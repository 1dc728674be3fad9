/** Files of a folder, as Go's http.FileServer serves them. */
import { httpDate } from "../../runtime/logs/times.ts";
import { mimeType } from "../../runtime/http/mime.ts";
import { Errno } from "../../runtime/errno.ts";
import type { HttpResponse } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";

const text = (status: number, body: string, more: Record<string, string> = {}): HttpResponse => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8", ...more },
  body,
});

export const notFound = (): HttpResponse =>
  text(404, "404 page not found\n", { "x-content-type-options": "nosniff" });

const moved = (location: string): HttpResponse => ({
  status: 301,
  headers: { location },
  body: "",
});

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};
const escaped = (name: string): string => name.replace(/[&<>"']/g, (c) => entities[c] ?? c);

function mimeOf(path: string): string {
  const type = mimeType(path, "text/plain");
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}

/** The answer to a path below the folder; a file's bytes come as a descriptor to be read. */
export function serveFile(
  sys: Sys,
  folder: string,
  path: string,
): { response: HttpResponse; fd?: number; size?: number } {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return { response: text(400, "invalid URL path\n") };
  if (path.endsWith("/index.html")) return { response: moved("./") };
  const full = [folder, ...parts].join("/");
  try {
    const { type } = sys.stat(full);
    if (type !== "d") {
      if (path.endsWith("/")) return { response: moved(`../${parts.at(-1) ?? ""}`) };
      return file(sys, full);
    }
    if (!path.endsWith("/")) return { response: moved(`${parts.at(-1) ?? ""}/`) };
    if (sys.peek(`${full}/index.html`)?.type === "f") return file(sys, `${full}/index.html`);
    const rows = sys
      .list(full)
      .toSorted()
      .map((name) => {
        const shown = sys.peek(`${full}/${name}`)?.type === "d" ? `${name}/` : name;
        return `<a href="${encodeURI(shown)}">${escaped(shown)}</a>\n`;
      });
    const head = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n';
    return {
      response: {
        status: 200,
        headers: { "content-type": "text/html; charset=utf-8" },
        body: `${head}<pre>\n${rows.join("")}</pre>\n`,
      },
    };
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    if (error.code === "EACCES") return { response: text(403, "403 Forbidden\n") };
    return { response: notFound() };
  }
}

function file(sys: Sys, path: string): { response: HttpResponse; fd: number; size: number } {
  const { size, mtime } = sys.stat(path);
  const fd = sys.open(path, { read: true });
  return {
    response: {
      status: 200,
      headers: {
        "accept-ranges": "bytes",
        "content-length": String(size),
        "content-type": mimeOf(path),
        "last-modified": httpDate(mtime),
      },
      body: "",
    },
    fd,
    size,
  };
}
