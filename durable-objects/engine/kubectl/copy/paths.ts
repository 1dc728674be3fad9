/** Paths of `kubectl cp`. k8s: kubectl/pkg/cmd/cp/filespec.go; Go: path.Clean, path.Join */
import { trimEndOf } from "../../core/trim.ts";
import { Failure } from "../errors.ts";

export interface FileSpec {
  /** "" where the file lies on this machine. */
  pod: string;
  namespace: string;
  file: string;
}

/** Go: path.Clean */
export function cleaned(path: string): string {
  if (path === "") return ".";
  const rooted = path.startsWith("/");
  const out: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") out.push(part);
    else if (out.length > 0 && out.at(-1) !== "..") out.pop();
    else if (!rooted) out.push("..");
  }
  return (rooted ? "/" : "") + out.join("/") || ".";
}

/** Go: path.Join */
export const joined = (...parts: string[]): string => {
  const given = parts.filter((part) => part !== "");
  return given.length === 0 ? "" : cleaned(given.join("/"));
};

/** Go: path.Dir */
export const folderOfPath = (path: string): string =>
  cleaned(path.slice(0, path.lastIndexOf("/") + 1));

/** Go: path.Base */
export function baseOf(path: string): string {
  if (path === "") return ".";
  const trimmed = trimEndOf(path, "/");
  return trimmed === "" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

const withoutEnd = (path: string): string =>
  path !== "/" && path.endsWith("/") ? path.slice(0, -1) : path;

/** Windows' separators are a container's too. */
const remote = (path: string): string => withoutEnd(path).replaceAll("\\", "/");

/** `[[namespace/]pod:]file/path` */
export function fileSpec(text: string): FileSpec {
  const wrong = new Failure(
    "filespec must match the canonical format: [[namespace/]pod:]file/path",
  );
  const colon = text.indexOf(":");
  if (colon === 0) throw wrong;
  if (colon < 0) return { pod: "", namespace: "", file: withoutEnd(text) };
  const parts = text.slice(0, colon).split("/");
  if (parts.length > 2) throw wrong;
  const [first = "", second] = parts;
  const file = remote(text.slice(colon + 1));
  return second === undefined
    ? { pod: first, namespace: "", file }
    : { pod: second, namespace: first, file };
}

/** A path without `../` before it, and without its first slash. */
export function withoutShortcuts(path: string): string {
  let rest = path;
  while (rest.startsWith("../")) rest = rest.slice(3);
  while (rest.startsWith("..\\")) rest = rest.slice(3);
  if (rest === "." || rest === "..") return "";
  return /^[/\\]/.test(rest) ? rest.slice(1) : rest;
}

/** What the names of an archive begin with that has a path in it. */
export const archivePrefix = (path: string): string =>
  withoutShortcuts(cleaned(path.replace(/^[/\\]+/, "")));

/** Whether a path lies within another. */
export function isWithin(base: string, target: string): boolean {
  const [from, to] = [cleaned(base), cleaned(target)];
  if (from === to || from === ".") return !to.startsWith("../") && to !== "..";
  return to.startsWith(from === "/" ? "/" : `${from}/`);
}
