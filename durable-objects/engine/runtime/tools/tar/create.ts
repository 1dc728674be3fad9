/** tar c: an archive of files and folders, piece by piece. */
import { Errno } from "../../errno.ts";
import { groupName, userName } from "../system/identity.ts";
import { padding, writeHeader } from "./format.ts";
import type { Io } from "../tool.ts";
import { inFolder } from "../words.ts";

export interface TarWriter {
  /** Paths still to write, the next one last. */
  paths: string[];
  /** File being copied: descriptor, bytes left, its size. */
  fd?: number;
  left: number;
  size: number;
  /** Files with several names: inode to the first. */
  links: Record<string, string>;
  stripped?: true;
  bad?: true;
}

export interface CreateRules {
  verbose: boolean;
  follow: boolean;
  exclude: (name: string) => boolean;
  /** Where names of `-v` go: 2 when the archive goes to standard output. */
  tell: 1 | 2;
}

export const newWriter = (paths: string[]): TarWriter => ({
  paths: [...paths].reverse(),
  left: 0,
  size: 0,
  links: {},
});

/** The next piece; undefined: that was all (the end is two empty blocks). */
export function nextPiece(io: Io, writer: TarWriter, rules: CreateRules): string | undefined {
  if (writer.fd !== undefined) {
    const data = io.sys.read(writer.fd, Math.min(32_768, writer.left)) ?? "";
    // A file that shrank meanwhile is filled up: the header has promised its size.
    const part = data === "" && writer.left > 0 ? "\0".repeat(Math.min(writer.left, 32_768)) : data;
    writer.left -= part.length;
    if (writer.left > 0) return part;
    io.sys.close(writer.fd);
    delete writer.fd;
    return part + padding(writer.size);
  }
  for (;;) {
    const path = writer.paths.pop();
    if (path === undefined) return undefined;
    const piece = one(io, writer, rules, path);
    if (piece !== undefined) return piece;
  }
}

function memberName(io: Io, writer: TarWriter, path: string): string {
  const name = path.replace(/^(?:.*\/)?\.\.(?=\/|$)/, "").replace(/^\/+/, "");
  if (name !== path && !writer.stripped) {
    writer.stripped = true;
    io.say(
      `removing leading '${path.slice(0, path.length - name.length) || "/"}' from member names`,
    );
  }
  return name;
}

function one(io: Io, writer: TarWriter, rules: CreateRules, path: string): string | undefined {
  const { sys } = io;
  if (rules.exclude(path)) return undefined;
  try {
    const stat = sys.stat(path, rules.follow);
    let name = memberName(io, writer, path);
    const entry = {
      mode: stat.mode & 0o7777,
      uid: stat.uid,
      gid: stat.gid,
      size: 0,
      mtime: stat.mtime,
      link: "",
      user: userName(io, stat.uid) ?? "",
      group: groupName(io, stat.gid) ?? "",
    };
    if (stat.type === "c" || stat.type === "b" || stat.type === "s") return undefined;
    if (rules.verbose) rules.tell === 1 ? io.out(`${name}\n`) : io.err(`${name}\n`);
    if (stat.type === "d") {
      const names = sys.list(path).reverse();
      for (const below of names) writer.paths.push(inFolder(path, below));
      if (name === "") return undefined;
      if (!name.endsWith("/")) name += "/";
      return writeHeader({ ...entry, name, type: "5" });
    }
    if (stat.type === "l")
      return writeHeader({ ...entry, name, type: "2", link: stat.target ?? "" });
    if (stat.type === "p") return writeHeader({ ...entry, name, type: "6" });
    if (stat.links > 1) {
      const first = writer.links[stat.ino];
      if (first !== undefined) return writeHeader({ ...entry, name, type: "1", link: first });
      writer.links[stat.ino] = name;
    }
    const fd = sys.open(path, { read: true });
    // Files under /proc have no size: what can be read now is what they hold.
    const size = stat.size;
    if (size > 0) Object.assign(writer, { fd, left: size, size });
    else sys.close(fd);
    return writeHeader({ ...entry, name, type: "0", size });
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.say(`${path}: ${error.message}`);
    writer.bad = true;
    return undefined;
  }
}
