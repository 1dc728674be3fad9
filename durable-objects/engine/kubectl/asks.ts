/** What commands ask of their machine: files, environment, clock, standard input, other programs. */
import { decodeUtf8, encodeUtf8 } from "../runtime/bytes.ts";
import { Errno } from "../runtime/errno.ts";
import { wholeFileBytesMax } from "../core/limits.ts";
import { folderOf, trimEndOf } from "../core/trim.ts";
import type { Sys } from "../runtime/kernel/types.ts";
import { ask, at, type Work } from "./work.ts";
import { Exit, Failure } from "./errors.ts";
import { childEnds, readable, until } from "./waits.ts";

/** What Go says of a failed system call. */
export const goErrno: Record<string, string> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
  EEXIST: "file exists",
  EROFS: "read-only file system",
  ENOSPC: "no space left on device",
  ELOOP: "too many levels of symbolic links",
};

export type Done<T> = { value: T } | { errno: string };

/** A system call; one that fails answers with its errno. */
export const call = <T>(act: (sys: Sys) => T): Work<Done<T>> =>
  at((sys) => {
    try {
      return { value: act(sys) };
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return { errno: error.code };
    }
  });

/** os.PathError: `open x: no such file or directory` */
export const pathError = (what: string, path: string, errno: string): Failure =>
  new Failure(`${what} ${path}: ${goErrno[errno] ?? errno}`);

/** Bytes of a file. Failure as os.ReadFile's. */
export function* readBytes(path: string): Work<string> {
  const done = yield* call((sys) => {
    const { type } = sys.stat(path);
    if (type === "d") throw new Errno("EISDIR");
    return sys.readFile(path);
  });
  if ("value" in done) return done.value;
  throw pathError(done.errno === "EISDIR" ? "read" : "open", path, done.errno);
}

/** Text of a file. */
export function* readFile(path: string): Work<string> {
  return decodeUtf8(yield* readBytes(path));
}

/** Whether there is such a path, and whether it is a folder; undefined: there is none. Failure for any other errno. */
export function* stat(path: string): Work<{ folder: boolean } | undefined> {
  const done = yield* call((sys) => ({ folder: sys.stat(path).type === "d" }));
  if ("value" in done) return done.value;
  if (done.errno === "ENOENT" || done.errno === "ENOTDIR") return undefined;
  throw pathError("stat", path, done.errno);
}

export function* list(path: string): Work<string[]> {
  const done = yield* call((sys) => sys.list(path).toSorted());
  if ("value" in done) return done.value;
  throw pathError("open", path, done.errno);
}

/** Writes a text, with the folders above it where `folders`. */
export function* writeFile(path: string, text: string, mode?: number, folders = false): Work<void> {
  const done = yield* call((sys) => {
    if (folders) makeFolders(sys, parentOf(path));
    sys.writeFile(path, encodeUtf8(text));
    if (mode !== undefined) sys.chmod(path, mode);
    return null;
  });
  if ("errno" in done) throw pathError("open", path, done.errno);
}

/** The folder that a path names something in; "" for the working folder. */
const parentOf = (path: string): string => trimEndOf(folderOf(path), "/");

function makeFolders(sys: Sys, path: string): void {
  if (path === "" || path === "." || sys.peek(path)) return;
  makeFolders(sys, parentOf(path));
  sys.mkdir(path);
}

export function* removeFile(path: string): Work<void> {
  const done = yield* call((sys) => {
    sys.unlink(path);
    return null;
  });
  if ("errno" in done) throw pathError("remove", path, done.errno);
}

/** Environment, bytes read as text. */
export const environment = (): Work<Record<string, string>> =>
  at((sys) => {
    const out: Record<string, string> = {};
    for (const [name, value] of Object.entries(sys.env)) out[name] = decodeUtf8(value);
    return out;
  });

export const now = (): Work<number> => at((sys) => sys.now);
export const workingFolder = (): Work<string> => at((sys) => sys.cwd);
/** Whether a descriptor is a terminal, and how wide it is. */
export const terminal = (fd: number): Work<{ columns: number; rows: number } | null> =>
  at((sys) => {
    const found = sys.terminal(fd);
    return found ? { columns: found.cols ?? 80, rows: found.rows ?? 24 } : null;
  });
/** A draw in [0, 1). */
export const random = (): Work<number> => at((sys) => sys.random());

/** Waits until a moment, virtual ms. */
export const sleepUntil = (ms: number): Work<null> =>
  ask<null>({ perform: (sys) => (sys.now >= ms ? { answer: null } : { wait: until(ms) }) });

export function* sleep(ms: number): Work<void> {
  const begun = yield* now();
  yield* sleepUntil(begun + ms);
}

/** All of standard input, as bytes. */
export const stdinBytes = (): Work<string> =>
  ask<string>({
    perform(sys, kept) {
      for (;;) {
        const data = sys.read(0);
        if (data === undefined) return { wait: readable(0) };
        const text = String(kept["text"] ?? "");
        if (data === "") return { answer: text };
        kept["text"] = text + data;
        sys.held = text.length + data.length;
        if (sys.held > wholeFileBytesMax) sys.kernel.oomKill(sys.key);
      }
    },
  });

export function* stdin(): Work<string> {
  return decodeUtf8(yield* stdinBytes());
}

/** One line of standard input without its end; null: there is none. What was read too far is left for others. */
export const readLine = (): Work<string | null> =>
  ask<string | null>({
    perform(sys, kept) {
      for (;;) {
        const data = sys.read(0, 1);
        if (data === undefined) return { wait: readable(0) };
        const text = String(kept["text"] ?? "");
        if (data === "") return { answer: text === "" ? null : decodeUtf8(text) };
        if (data === "\n") return { answer: decodeUtf8(text) };
        kept["text"] = text + data;
      }
    },
  });

export interface Child {
  /** Exit code, or 128 + signal; 127 or 126 when it could not be run, with `errno`. */
  status: number;
  errno?: string;
  /** What it printed, where that was asked for. */
  output: string;
}

/**
 * Runs a program and waits for its end: with this process's terminal and descriptors, its standard output caught where
 * `capture`, `input` as its standard input where given.
 */
export const runChild = (
  argv: readonly string[],
  options: { capture?: boolean; input?: string; env?: Record<string, string> } = {},
): Work<Child> =>
  ask<Child>({
    perform(sys, kept) {
      if (kept["pid"] === undefined) {
        const failed = launch(sys, argv, options, kept);
        if (failed !== undefined)
          return { answer: { status: failed === "ENOENT" ? 127 : 126, errno: failed, output: "" } };
      }
      for (let fd = kept["fd"] as number | undefined; fd !== undefined;) {
        const data = sys.read(fd);
        if (data === undefined) return { wait: readable(fd) };
        if (data === "") {
          sys.close(fd);
          delete kept["fd"];
          fd = undefined;
          continue;
        }
        kept["text"] = String(kept["text"] ?? "") + data;
      }
      const ended = sys.wait(kept["pid"] as number);
      if (!ended) return { wait: childEnds() };
      const status = ended === "none" ? 1 : ended.status;
      return { answer: { status, output: String(kept["text"] ?? "") } };
    },
  });

function launch(
  sys: Sys,
  argv: readonly string[],
  options: { capture?: boolean; input?: string; env?: Record<string, string> },
  kept: Record<string, unknown>,
): string | undefined {
  const pid = sys.fork({});
  const child = sys.child(pid);
  try {
    if (options.input !== undefined) {
      const fd = child.stringFd(options.input);
      child.dup(fd, 0);
      child.close(fd);
    }
    if (options.capture) {
      const [read, write] = sys.pipe();
      child.dup(write, 1);
      child.close(write);
      child.close(read);
      sys.close(write);
      kept["fd"] = read;
    }
    child.exec(child.which(argv[0] ?? ""), [...argv], { ...sys.env, ...options.env });
    kept["pid"] = pid;
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.kernel.exit(child.key, 127);
    sys.wait(pid);
    if (kept["fd"] !== undefined) sys.close(kept["fd"] as number);
    delete kept["fd"];
    return error.code;
  }
}

/** The path of a command, looked up in PATH; null: there is none. */
export const which = (command: string): Work<string | null> =>
  at((sys) => {
    try {
      return sys.which(command);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return null;
    }
  });

/** The process is another program from here on; comes back only with an errno. */
export const become = (path: string, argv: readonly string[]): Work<string> =>
  ask<string>({
    perform(sys) {
      try {
        sys.exec(path, [...argv], sys.env);
        return { became: true };
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        return { answer: error.code };
      }
    },
  });

/** Ends with a code after a text on standard error. */
export function stop(code: number, text = ""): never {
  throw new Exit(code, text);
}
