/** Redirections: opening what they name at the descriptors they name. */
import { Errno } from "../errno.ts";
import type { Sys } from "../kernel/types.ts";
import type { Redirect } from "./ast.ts";
import { ExpansionProblem } from "./problems.ts";
import type { Saved } from "./state.ts";

/** A failed redirection, in ash's words. */
export class RedirectProblem extends Error {
  override name = "RedirectProblem";
}

function opened(sys: Sys, op: string, target: string, clobber: boolean): number {
  const write = op !== "<";
  try {
    switch (op) {
      case "<":
        return sys.open(target, { read: true });
      case "<>":
        return sys.open(target, { read: true, write: true, create: true });
      case ">>":
        return sys.open(target, { write: true, create: true, append: true });
      default: {
        if (!clobber && op === ">" && sys.peek(target)?.type === "f") throw new Errno("EEXIST");
        return sys.open(target, { write: true, create: true, truncate: true });
      }
    }
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const missing = error.code === "ENOENT" || error.code === "ENOTDIR";
    const text = missing ? (write ? "nonexistent directory" : "no such file") : error.message;
    throw new RedirectProblem(`can't ${write ? "create" : "open"} ${target}: ${text}`);
  }
}

/** What bash asks of a shell for `{name}>`. */
export interface Names {
  readonly bash: boolean;
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

/** A descriptor from 10 on that programs of this process inherit. */
export function keepOpen({ process }: Sys, fd: number): void {
  if (fd >= 10 && !process.keptFds?.includes(fd))
    process.keptFds = [...(process.keptFds ?? []), fd];
}

/** Closes a descriptor, for good. */
export function closeFd(sys: Sys, fd: number): void {
  if (sys.isOpen(fd)) sys.close(fd);
  const { keptFds } = sys.process;
  if (keptFds?.includes(fd)) sys.process.keptFds = keptFds.filter((known) => known !== fd);
}

class Redirector {
  readonly sys: Sys;
  readonly clobber: boolean;
  readonly saved: Saved[] | undefined;
  readonly names: Names | undefined;

  constructor(sys: Sys, clobber: boolean, saved: Saved[] | undefined, names: Names | undefined) {
    this.sys = sys;
    this.clobber = clobber;
    this.saved = saved;
    this.names = names;
  }

  #save(fd: number): void {
    const { saved, sys } = this;
    if (!saved || saved.some(([known]) => known === fd)) return;
    saved.push([fd, sys.isOpen(fd) ? sys.dupFree(fd) : -1]);
  }

  /** The descriptor that is meant: of `{name}>` a new one, which stays open. */
  #meant(one: Redirect, target: string): number {
    const { names, sys } = this;
    if (one.var === undefined || !names) {
      if (names?.bash) keepOpen(sys, one.fd);
      this.#save(one.fd);
      return one.fd;
    }
    if (target === "-") return Number(names.get(one.var) ?? -1);
    const fd = sys.freeFd(10);
    names.set(one.var, String(fd));
    keepOpen(sys, fd);
    return fd;
  }

  apply(one: Redirect, target: string): void {
    const { sys } = this;
    if (one.op === "<<" || one.op === "<<<") {
      const fd = this.#meant(one, "");
      sys.stringFd(one.op === "<<" ? target : `${target}\n`, fd);
      return;
    }
    const move =
      this.names?.bash === true && /^\d+-$/.test(target) ? target.slice(0, -1) : undefined;
    const from = move ?? target;
    if (one.op === "<&" || (one.op === ">&" && (from === "-" || /^\d+$/.test(from)))) {
      this.#copy(one, from);
      if (move !== undefined) closeFd(sys, Number(move));
      return;
    }
    this.#open(one, target);
  }

  #copy(one: Redirect, from: string): void {
    const { sys } = this;
    if (from !== "-" && !/^\d+$/.test(from))
      throw new RedirectProblem(
        this.names?.bash ? `${one.raw}: ambiguous redirect` : `bad fd number`,
      );
    if (from !== "-" && !sys.isOpen(Number(from)))
      throw new RedirectProblem(`${this.names?.bash ? one.raw : from}: Bad file descriptor`);
    const fd = this.#meant(one, from);
    if (from === "-") closeFd(sys, fd);
    else sys.dup(Number(from), fd);
  }

  #open(one: Redirect, target: string): void {
    const { sys } = this;
    const joined = one.op === ">&" || one.op.startsWith("&");
    if (one.op === ">&" && (this.names?.bash ? one.given : one.fd !== 1)) {
      if (this.names?.bash) throw new RedirectProblem(`${one.raw}: ambiguous redirect`);
      throw new ExpansionProblem("redir error");
    }
    const op = one.op === "&>>" ? ">>" : joined ? ">" : one.op;
    const into = this.#meant(one, target);
    const fd = opened(sys, op, target, this.clobber);
    if (fd !== into) {
      sys.dup(fd, into);
      sys.close(fd);
    }
    if (!joined) return;
    this.#save(2);
    sys.dup(into, 2);
  }
}

/** Applies redirections to a process. With `saved`, what they cover is kept to be put back. */
export function redirect(
  sys: Sys,
  list: readonly Redirect[],
  targets: readonly string[],
  clobber: boolean,
  saved?: Saved[],
  names?: Names,
): void {
  const redirector = new Redirector(sys, clobber, saved, names);
  list.forEach((one, i) => redirector.apply(one, targets[i] ?? ""));
}
