/** Files of the machine as a tar archive, named as they are to be in the container. k8s: kubectl/pkg/cmd/cp/cp.go recursiveTar */
import { Errno } from "../../runtime/errno.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { padding, writeHeader, type TarEntry } from "../../runtime/tools/tar/format.ts";
import { goErrno } from "../asks.ts";
import { joined } from "./paths.ts";

/** Where the archive stands: plain JSON. */
export interface Archive {
  /** Paths still to write and their names, the next one last. */
  left: [path: string, name: string][];
  /** The file that is being copied. */
  fd?: number;
  size: number;
  rest: number;
  /** Its two empty blocks are written. */
  ended?: true;
}

export const newArchive = (path: string, name: string): Archive => ({
  left: [[path, name]],
  size: 0,
  rest: 0,
});

const blocksAtEnd = 1024;

/** The next bytes, about `most` of them; "": that was all. */
export function nextBytes(sys: Sys, archive: Archive, most: number): string | { error: string } {
  if (archive.fd !== undefined) {
    const read = sys.read(archive.fd, Math.min(most, archive.rest)) ?? "";
    const bytes = read === "" ? "\0".repeat(Math.min(most, archive.rest)) : read;
    archive.rest -= bytes.length;
    if (archive.rest > 0) return bytes;
    sys.close(archive.fd);
    delete archive.fd;
    return bytes + padding(archive.size);
  }
  for (;;) {
    const next = archive.left.pop();
    if (!next) {
      if (archive.ended) return "";
      archive.ended = true;
      return "\0".repeat(blocksAtEnd);
    }
    try {
      const bytes = entry(sys, archive, ...next);
      if (bytes !== "") return bytes;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return { error: `open ${next[0]}: ${goErrno[error.code] ?? error.message}` };
    }
  }
}

/** Of a folder that is not empty only what is in it. */
function entry(sys: Sys, archive: Archive, path: string, name: string): string {
  const stat = sys.stat(path, false);
  const head: TarEntry = {
    name,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: 0,
    mtime: stat.mtime,
    type: "0",
    link: "",
    user: "",
    group: "",
  };
  if (stat.type === "d") {
    const names = sys.list(path).toSorted().reverse();
    if (names.length === 0) return writeHeader({ ...head, type: "5" });
    for (const below of names) archive.left.push([joined(path, below), joined(name, below)]);
    return "";
  }
  if (stat.type === "l") return writeHeader({ ...head, type: "2", link: stat.target ?? "" });
  const fd = sys.open(path, { read: true });
  if (stat.size === 0) sys.close(fd);
  else Object.assign(archive, { fd, size: stat.size, rest: stat.size });
  return writeHeader({ ...head, size: stat.size });
}
