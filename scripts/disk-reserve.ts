import { rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Response } from "miniflare";

/**
 * Even to read, SQLite needs a little room: for the files beside a database that is opened. So some is set aside while there is
 * enough, and given back when the disk is full; until there is plenty again the Worker refuses to write (worker/disk.ts).
 */

const reserveBytesMax = 8 * 1024 * 1024;
const checkMs = 500;

export interface DiskReserve {
  /** Looks now: `full`, or nothing. The Worker's service `DISK`. */
  answer(): Response;
  stop(): void;
}

export function keepDiskReserve(folder: string): DiskReserve {
  const file = path.join(folder, "disk-reserve");
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  };
  rmSync(file, { force: true });
  const reserveBytes = Math.min(reserveBytesMax, Math.floor(freeBytes() / 4));
  const lowBytes = reserveBytes / 4;
  let full = true;

  const check = (): void => {
    const free = freeBytes();
    if (full && free > 2 * reserveBytes + lowBytes) full = !setAside(file, reserveBytes);
    else if (!full && free < lowBytes) {
      full = true;
      rmSync(file, { force: true });
      console.error({ event: "the disk is full", folder, freeBytes: free });
    }
  };
  check();
  const timer = setInterval(check, checkMs);
  timer.unref();
  return {
    answer: () => {
      check();
      return new Response(full ? "full" : "");
    },
    stop: () => {
      clearInterval(timer);
      rmSync(file, { force: true });
    },
  };
}

/** Real blocks, not a hole. Whether there was room. */
function setAside(file: string, bytes: number): boolean {
  try {
    writeFileSync(file, Buffer.alloc(bytes));
    return true;
  } catch {
    rmSync(file, { force: true });
    return false;
  }
}
