/** `-f`, `-R` and `-k`: which files, folders, URLs or streams a command reads. k8s: cli-runtime/pkg/resource/builder.go FilenameParam */
import { goQuote } from "../machinery/field.ts";
import { trimEndOf } from "../core/trim.ts";
import { decodeUtf8 } from "../runtime/bytes.ts";
import { at, type Work } from "./work.ts";
import { list, readFile, stat, stdin } from "./asks.ts";
import { Failure, UrlFailure } from "./errors.ts";
import type { Flags } from "./flags.ts";
import { http } from "./http.ts";
import { kustomization } from "./kustomize/documents.ts";

export interface FileOptions {
  filenames: readonly string[];
  kustomize: string;
  recursive: boolean;
}

export const fileOptions = (flags: Flags): FileOptions => ({
  filenames: flags.list("filename"),
  kustomize: flags.has("kustomize") ? flags.string("kustomize") : "",
  recursive: flags.has("recursive") && flags.bool("recursive"),
});

export const hasFiles = ({ filenames, kustomize }: FileOptions): boolean =>
  filenames.length > 0 || kustomize !== "";

/** k8s: builder.go RequireFilenameOrKustomize */
export function requireFiles(options: FileOptions): void {
  if (!hasFiles(options)) throw new Failure("must specify one of -f and -k");
}

export interface FileSource {
  name: string;
  read(): Work<string>;
}

const extensions = [".json", ".yaml", ".yml"];

export function* fileSources(
  options: FileOptions,
  errors: Failure[],
): Work<{ sources: FileSource[]; single: boolean }> {
  const { filenames, kustomize, recursive } = options;
  if (filenames.length > 0 && kustomize)
    errors.push(new Failure("only one of -f or -k can be specified"));
  if (kustomize && recursive) errors.push(new Failure("the -k flag can't be used with -f or -R"));
  if (errors.length > 0) return { sources: [], single: false };
  const sources: FileSource[] = [];
  let several = false;
  let streams = 0;
  for (const name of filenames) {
    if (name === "-") {
      if (streams++ > 0)
        errors.push(new Failure("standard input cannot be used for multiple arguments"));
      sources.push({ name: "STDIN", read: stdin });
    } else if (/^https?:\/\//.test(name)) sources.push({ name, read: () => download(name) });
    else {
      const found = yield* expand(name, recursive, errors);
      if (found.length > 1) several = true;
      sources.push(...found.map((file) => ({ name: file, read: () => readFile(file) })));
    }
  }
  if (kustomize) sources.push({ name: kustomize, read: () => kustomization(kustomize) });
  return { sources, single: !several && streams === 0 && sources.length === 1 };
}

/** Files that an argument names: itself, those of a folder, those of a pattern. */
function* expand(name: string, recursive: boolean, errors: Failure[]): Work<string[]> {
  const names = (yield* stat(name)) ? [name] : yield* glob(name);
  if (names.length === 0) {
    errors.push(new Failure(`the path ${goQuote(name)} does not exist`));
    return [];
  }
  const out: string[] = [];
  for (const one of names) {
    const found = yield* stat(one);
    if (!found?.folder) out.push(one);
    else yield* walk(one, recursive, out);
  }
  if (out.length === 0)
    errors.push(
      new Failure(
        `error reading [${names.join(" ")}]: recognized file extensions are [${extensions.join(" ")}]`,
      ),
    );
  return out;
}

/** filepath.Join, as far as names of files need it. */
const joined = (folder: string, name: string): string =>
  folder === "." ? name : `${trimEndOf(folder, "/").replace(/^(\.\/)+/, "")}/${name}`;

function* walk(folder: string, recursive: boolean, out: string[]): Work<void> {
  for (const name of yield* list(folder)) {
    const path = joined(folder, name);
    const found = yield* stat(path);
    if (found?.folder) {
      if (recursive) yield* walk(path, recursive, out);
    } else if (found && extensions.some((end) => name.endsWith(end))) out.push(path);
  }
}

/** filepath.Glob, with `*`, `?` and `[...]` in the last part of the path. */
function* glob(pattern: string): Work<string[]> {
  if (!/[*?[]/.test(pattern)) return [];
  const slash = pattern.lastIndexOf("/");
  const folder = slash < 0 ? "." : pattern.slice(0, slash) || "/";
  const found = yield* stat(folder);
  if (!found?.folder) return [];
  const matching = yield* list(folder);
  const last = pattern.slice(slash + 1);
  const prefix = slash < 0 ? "" : pattern.slice(0, slash + 1);
  return matching.filter((name) => globMatches(last, name)).map((name) => `${prefix}${name}`);
}

/** Whether a name matches a pattern of `*` and `?`. */
function globMatches(pattern: string, name: string): boolean {
  let [p, n, star, mark] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === "?" || (pattern[p] === name[n] && pattern[p] !== "*")) {
      p++;
      n++;
    } else if (pattern[p] === "*") {
      star = p++;
      mark = n;
    } else if (star >= 0) {
      p = star + 1;
      n = ++mark;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** Of a manifest on the simulated outside, or in the cluster. k8s: visitor.go readHttpWithRetries */
function* download(url: string): Work<string> {
  for (let tries = 0; ; tries++) {
    const done = yield* http({
      method: "GET",
      url,
      headers: { "user-agent": "Go-http-client/1.1" },
    });
    if ("error" in done) {
      if (tries < 2) continue;
      const host = /^[a-z]+:\/\/([^/:]+)/.exec(url)?.[1] ?? "";
      const why =
        done.error === "name"
          ? `dial tcp: lookup ${host}: no such host`
          : `dial tcp ${done.ip}: connect: connection ${done.error}`;
      throw new UrlFailure("GET", url, why);
    }
    const { status, body } = done.response;
    if (status >= 200 && status < 300) return yield* at(() => decodeUtf8(body));
    if (status >= 500 && tries < 2) continue;
    throw new Failure(
      `unable to read URL ${goQuote(url)}, server reported ${status} ${statusText(status)}, status code=${status}`,
    );
  }
}

const statusText = (status: number): string =>
  ({ 404: "Not Found", 403: "Forbidden", 401: "Unauthorized", 500: "Internal Server Error" })[
    status
  ] ?? "";
