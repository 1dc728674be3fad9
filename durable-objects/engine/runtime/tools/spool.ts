/**
 * Standard input that a program has not worked off yet: the beginning of it in the program's state, and where it is long, all of
 * it in a file without a name, since a process's state is one row that is written again and again.
 */
import { spoolBytesMax, spoolInRowBytesMax } from "../../core/limits.ts";
import { Errno } from "../errno.ts";
import type { Sys } from "../kernel/types.ts";
import { namelessFile } from "./nameless-file.ts";

export interface Spool {
  /** What is unread, while it is short. */
  unread: string;
  /** Where it lies when it is long: the file, its size, and the place up to which it is worked off. */
  long?: { fd: number; size: number; from: number };
}

/** More input. Where no file can be made it stays in the state; false: more than a program may hold. */
export function addInput(sys: Sys, spool: Spool, data: string): boolean {
  const size = spool.long ? spool.long.size - spool.long.from : spool.unread.length;
  if (size + data.length > spoolBytesMax) return false;
  if (!spool.long && size + data.length > spoolInRowBytesMax) {
    const fd = namelessFile(sys, ".in");
    if (fd !== undefined) {
      spool.long = { fd, size: 0, from: 0 };
      const { unread } = spool;
      spool.unread = "";
      append(sys, spool, unread);
    }
  }
  if (!append(sys, spool, data)) spool.unread += data;
  sys.held = spool.unread.length;
  return true;
}

function append(sys: Sys, spool: Spool, data: string): boolean {
  const { long } = spool;
  if (!long || spool.unread !== "") return false;
  try {
    sys.seek(long.fd, long.size);
    if (sys.write(long.fd, data) < data.length) return false;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return false;
  }
  long.size += data.length;
  return true;
}

/** All that is unread. */
export function unreadInput(sys: Sys, spool: Spool): string {
  const { long } = spool;
  if (!long) return spool.unread;
  sys.seek(long.fd, long.from);
  const parts: string[] = [];
  for (let left = long.size - long.from; left > 0;) {
    const part = sys.read(long.fd, left);
    if (!part) break;
    parts.push(part);
    left -= part.length;
  }
  return parts.join("") + spool.unread;
}

/** What comes before `rest`, the end of what was unread, is worked off. */
export function inputDone(sys: Sys, spool: Spool, rest: string): void {
  const { long } = spool;
  if (!long || rest.length <= spoolInRowBytesMax) {
    if (long) sys.close(long.fd);
    delete spool.long;
    spool.unread = rest;
    return;
  }
  long.from = long.size + spool.unread.length - rest.length;
}
