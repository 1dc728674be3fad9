import { Errno } from "../errno.ts";
import type { Sys } from "../kernel/types.ts";

const folders = ["/tmp", "/var/tmp", "/dev/shm", "."];

/** An open file that no folder has any more: it ends with its program. Undefined where there is no room for one. */
export function namelessFile(sys: Sys, prefix: string): number | undefined {
  for (const folder of folders) {
    const path = `${folder}/${prefix}${Math.floor(sys.random() * 1e9)}`;
    try {
      const fd = sys.open(path, { read: true, write: true, create: true, exclusive: true }, 0o600);
      sys.unlink(path);
      return fd;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }
  return undefined;
}
