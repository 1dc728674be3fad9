import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Even to read, SQLite needs a little room: for the files beside a database that is opened. So some is set aside while there is
 * enough, and given back when the disk is full; until there is plenty again the Worker refuses to write (worker/disk.ts). A file
 * tells it so: the runtime shows it the folder, and this process need not answer for that.
 */

const reserveBytesMax = 8 * 1024 * 1024;
const checkMs = 500;

export interface DiskReserve {
  stop(): void;
}

/** The folder that the Worker sees as its service `DISK`; the file `full` is there while the disk is full. */
export const diskFolder = (statePath: string): string => path.join(statePath, "disk");

export function keepDiskReserve(statePath: string): DiskReserve {
  const folder = diskFolder(statePath);
  const reserve = path.join(statePath, "disk-reserve");
  const sign = path.join(folder, "full");
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(statePath);
    return bavail * bsize;
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  rmSync(reserve, { force: true });
  const reserveBytes = Math.min(reserveBytesMax, Math.floor(freeBytes() / 4));
  const lowBytes = reserveBytes / 4;
  let full = true;

  const tell = (): void => {
    if (full) writeFileSync(sign, "full");
    else rmSync(sign, { force: true });
  };
  const check = (): void => {
    const free = freeBytes();
    if (full && free > 2 * reserveBytes + lowBytes) full = !setAside(reserve, reserveBytes);
    else if (!full && free < lowBytes) {
      full = true;
      rmSync(reserve, { force: true });
      console.error({ event: "the disk is full", folder: statePath, freeBytes: free });
    } else return;
    tell();
  };
  check();
  tell();
  const timer = setInterval(check, checkMs);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      rmSync(reserve, { force: true });
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
