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

/** Applies redirections to a process. With `saved`, what they cover is kept to be put back. */
export function redirect(
  sys: Sys,
  list: readonly Redirect[],
  targets: readonly string[],
  clobber: boolean,
  saved?: Saved[],
): void {
  list.forEach((one, i) => {
    const target = targets[i] ?? "";
    const save = (fd: number): void => {
      if (!saved || saved.some(([known]) => known === fd)) return;
      saved.push([fd, sys.isOpen(fd) ? sys.dupFree(fd) : -1]);
    };
    if (one.op === "<<") {
      save(one.fd);
      sys.stringFd(target, one.fd);
      return;
    }
    if (one.op === "<&" || (one.op === ">&" && (target === "-" || /^\d+$/.test(target)))) {
      if (target !== "-" && !/^\d+$/.test(target)) throw new RedirectProblem(`bad fd number`);
      save(one.fd);
      if (target === "-") {
        if (sys.isOpen(one.fd)) sys.close(one.fd);
        return;
      }
      if (!sys.isOpen(Number(target))) throw new RedirectProblem(`${target}: Bad file descriptor`);
      sys.dup(Number(target), one.fd);
      return;
    }
    const both = one.op === "&>" || one.op === ">&";
    if (one.op === ">&" && one.fd !== 1) throw new ExpansionProblem("redir error");
    save(one.fd);
    const fd = opened(sys, both ? ">" : one.op, target, clobber);
    if (fd !== one.fd) {
      sys.dup(fd, one.fd);
      sys.close(fd);
    }
    if (both) {
      save(2);
      sys.dup(one.fd, 2);
    }
  });
}
