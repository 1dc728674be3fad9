/** What an nginx master writes as it starts: the folders of its caches, its pid file; and what it says where it may not. */
import { Errno, errnoTexts, type ErrnoCode } from "../../runtime/errno.ts";
import type { Sys } from "../../runtime/kernel/types.ts";

const cacheFolder = "/var/cache/nginx";
const cacheFolders = "client_temp proxy_temp fastcgi_temp uwsgi_temp scgi_temp".split(" ");
const pidFile = "/run/nginx.pid";
const errorNumbers: Partial<Record<ErrnoCode, number>> = {
  ENOENT: 2,
  EACCES: 13,
  ENOSPC: 28,
  EROFS: 30,
  EADDRINUSE: 98,
};

/** What a call of the system's came to, in nginx' words for it; undefined: it went well. */
export function failure(call: string, act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return `${call} failed (${errorNumbers[error.code] ?? 1}: ${errnoTexts[error.code]})`;
  }
}

/**
 * Makes the folders of its caches, before it binds. Where root may write the root file system the image holds them already:
 * nothing is stored for a server that starts as it always does.
 */
export function makeCacheFolders(sys: Sys): string | undefined {
  if (holdsCacheFolders(sys)) return undefined;
  for (const name of cacheFolders) {
    const path = `${cacheFolder}/${name}`;
    const made = (): void => {
      if (isOwn(sys, path)) sys.vfs.need(sys.existing(cacheFolder).node, 3, sys.who);
      else if (!sys.peek(path)) sys.mkdir(path, 0o700);
    };
    const failed = failure(`mkdir() "${path}"`, made);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/** Whether all of them lie in the image as it is, in a folder that may be written: looked up once, as nearly every server's do. */
function holdsCacheFolders(sys: Sys): boolean {
  const { mount, node, full } = sys.peekPlace(cacheFolder) ?? {};
  if (!mount || !node || mount.readOnly || !sys.vfs.allowed(node, 3, sys.who)) return false;
  return cacheFolders.every((name) => {
    const own = sys.vfs.at(`${full}/${name}`);
    return own.mount.at === "/" && own.node?.type === "d";
  });
}

/** Its pid file, likewise. */
export const writePid = (sys: Sys): string | undefined =>
  failure(`open() "${pidFile}"`, () => {
    if (isOwn(sys, pidFile)) sys.vfs.need(sys.existing("/run").node, 3, sys.who);
    else sys.writeFile(pidFile, `${sys.pid}\n`);
  });

/** Whether a path lies in the image as it is, which may be written. EROFS when it may not. */
function isOwn(sys: Sys, path: string): boolean {
  const { mount, node } = sys.place(path);
  if (mount.at !== "/") return false;
  if (mount.readOnly) throw new Errno("EROFS");
  return node !== undefined;
}
