/** tar x and t: takes an archive in as it comes, entry by entry. */
import { trimEndOf } from "../../../core/trim.ts";
import { mkfifo } from "../../kernel/special-files.ts";
import { Errno } from "../../errno.ts";
import { parents } from "../files/mkdir-ln.ts";
import { groupName, userName } from "../system/identity.ts";
import { formatDate } from "../system/date.ts";
import { modeText } from "../files/ls.ts";
import { addMeta, block, readHeader, takeMeta, type Meta, type TarEntry } from "./format.ts";
import type { Io } from "../tool.ts";

export interface TarReader {
  /** Bytes not used yet. */
  unread: string;
  /** Content of the entry still to come, with its padding. */
  left: number;
  pad: number;
  fd?: number;
  /** A long name or pax header being read. */
  meta?: Meta;
  /** What such headers said of the next entry. */
  long: Partial<TarEntry>;
  /** Content of this entry goes to standard output. */
  show?: true;
  entry?: TarEntry;
  /** Folders and what they get at the end: path, mode, time. */
  folders: [string, number, number][];
  seen: string[];
  stripped?: true;
  ended?: true;
  bad?: true;
  any?: true;
}

export const newReader = (): TarReader => ({
  unread: "",
  left: 0,
  pad: 0,
  long: {},
  folders: [],
  seen: [],
});

export interface ExtractRules {
  list: boolean;
  verbose: boolean;
  toStdout: boolean;
  keepOld: boolean;
  noTime: boolean;
  owner: boolean;
  mode: boolean;
  strip: number;
  only: string[];
  exclude: (name: string) => boolean;
}

/** Takes more of the archive. */
export function takeTar(io: Io, reader: TarReader, rules: ExtractRules, data: string): void {
  reader.unread += data;
  for (;;) {
    if (reader.ended) {
      reader.unread = "";
      return;
    }
    if (reader.left > 0 || reader.pad > 0) {
      if (reader.unread === "") return;
      content(io, reader, rules);
      continue;
    }
    if (reader.unread.length < block) return;
    const head = reader.unread.slice(0, block);
    reader.unread = reader.unread.slice(block);
    const entry = readHeader(head);
    if (entry === "end") reader.ended = true;
    else if (!entry) {
      io.say(reader.any ? "corrupted octal value in tar header" : "invalid tar magic");
      reader.bad = reader.ended = true;
    } else begin(io, reader, rules, entry);
  }
}

function content(io: Io, reader: TarReader, rules: ExtractRules): void {
  const part = reader.unread.slice(0, reader.left);
  reader.left -= part.length;
  let rest = reader.unread.slice(part.length);
  if (reader.meta) addMeta(reader.meta, part);
  else if (reader.show) io.out(part);
  else if (reader.fd !== undefined && part !== "") writePart(io, reader, part);
  if (reader.left === 0) {
    const skipped = Math.min(reader.pad, rest.length);
    reader.pad -= skipped;
    rest = rest.slice(skipped);
    if (reader.pad === 0) finish(io, reader, rules);
  }
  reader.unread = rest;
}

function writePart(io: Io, reader: TarReader, part: string): void {
  try {
    io.sys.write(reader.fd!, part);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.say(`write error: ${error.message}`);
    reader.bad = reader.ended = true;
  }
}

function begin(io: Io, reader: TarReader, rules: ExtractRules, entry: TarEntry): void {
  reader.any = true;
  reader.left = "12345".includes(entry.type) && entry.type !== "1" ? 0 : entry.size;
  if (entry.type === "1") reader.left = 0;
  reader.pad = (block - (reader.left % block)) % block;
  if ("LKxg".includes(entry.type)) {
    reader.meta = { type: entry.type, text: "" };
    return;
  }
  const full = { ...entry, ...reader.long };
  reader.long = {};
  reader.entry = full;
  const wanted =
    (rules.only.length === 0 ||
      rules.only.some((one) => {
        const plain = trimEndOf(one, "/");
        const hit = trimEndOf(full.name, "/") === plain || full.name.startsWith(`${plain}/`);
        if (hit && !reader.seen.includes(one)) reader.seen.push(one);
        return hit;
      })) &&
    !rules.exclude(full.name);
  if (wanted) {
    if (rules.list) io.out(listLine(io, full, rules.verbose));
    else place(io, reader, rules, full);
  }
  if (reader.left === 0) finish(io, reader, rules);
}

function listLine(io: Io, entry: TarEntry, verbose: boolean): string {
  if (!verbose) return `${entry.name}\n`;
  const type = ({ 5: "d", 2: "l" } as const)[entry.type as "5"] ?? "f";
  const user = entry.user || userName(io, entry.uid) || String(entry.uid);
  const group = entry.group || groupName(io, entry.gid) || String(entry.gid);
  const time = formatDate("%Y-%m-%d %H:%M:%S", entry.mtime);
  const target = entry.type === "2" ? ` -> ${entry.link}` : "";
  return `${modeText({ type, mode: entry.mode })} ${user}/${group} ${String(entry.size).padStart(9)} ${time} ${entry.name}${target}\n`;
}

/** A name that stays below the folder; undefined: nothing is left of it. */
function safeName(
  io: Io,
  reader: TarReader,
  rules: ExtractRules,
  name: string,
): string | undefined {
  const absolute = name.replace(/^\/+/, "");
  if (absolute !== name && !reader.stripped) {
    reader.stripped = true;
    io.say("removing leading '/' from member names");
  }
  const parts = absolute.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) {
    io.say(`name with '..': '${name}'`);
    reader.bad = true;
    return undefined;
  }
  const kept = parts.slice(rules.strip);
  return kept.length || rules.strip === 0 ? kept.join("/") || "." : undefined;
}

function place(io: Io, reader: TarReader, rules: ExtractRules, entry: TarEntry): void {
  const { sys } = io;
  if (rules.toStdout) {
    if (entry.type === "0" || entry.type === "7") reader.show = true;
    return;
  }
  const name = safeName(io, reader, rules, entry.name);
  if (name === undefined) return;
  if (rules.verbose) io.out(`${entry.name}\n`);
  const mode = rules.mode ? entry.mode : entry.mode & ~sys.umask & 0o777;
  try {
    const old = sys.peek(name, false);
    const folder = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "";
    if (folder && !sys.peek(folder)) parents(sys, folder);
    if (old && rules.keepOld && old.type !== "d") throw new Errno("EEXIST");
    if (entry.type === "5") {
      if (old && old.type !== "d") sys.unlink(name);
      if (!old || old.type !== "d") sys.mkdir(name);
      reader.folders.push([name, mode, entry.mtime]);
    } else {
      if (old?.type === "d") throw new Errno("EISDIR");
      if (old) sys.unlink(name);
      if (entry.type === "2") sys.symlink(entry.link, name);
      else if (entry.type === "1")
        sys.link(safeName(io, reader, rules, entry.link) ?? entry.link, name);
      else if (entry.type === "6") mkfifo(sys, name, mode);
      else {
        reader.fd = sys.open(name, { write: true, create: true, truncate: true });
        sys.chmod(name, mode);
      }
    }
    if (rules.owner && entry.type !== "1") sys.chown(name, entry.uid, entry.gid, false);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const what = entry.type === "2" ? "create symlink" : entry.type === "5" ? "make dir" : "open";
    io.say(`can't ${what} '${name}': ${error.message}`);
    reader.bad = true;
    // Nothing more fits, or may be written: the rest would only repeat it.
    if (error.code === "EDQUOT" || error.code === "ENOSPC") reader.ended = true;
  }
}

function finish(io: Io, reader: TarReader, rules: ExtractRules): void {
  const { meta, entry } = reader;
  if (meta) {
    takeMeta(meta, reader.long);
    delete reader.meta;
    return;
  }
  delete reader.show;
  if (reader.fd !== undefined && entry) {
    io.sys.close(reader.fd);
    delete reader.fd;
    const name = safeName(io, reader, rules, entry.name);
    if (!rules.noTime && name !== undefined && io.sys.peek(name)) io.sys.utime(name, entry.mtime);
  }
  delete reader.entry;
}

/** After the last byte: what is owed to folders; the exit code. */
export function endTar(io: Io, reader: TarReader, rules: ExtractRules): number {
  for (const [path, mode, time] of reader.folders.reverse())
    io.try(path, () => {
      io.sys.chmod(path, mode);
      if (!rules.noTime) io.sys.utime(path, time);
    });
  if (!reader.ended && (reader.left > 0 || reader.unread !== "" || !reader.any)) {
    io.say("short read");
    return 1;
  }
  for (const one of rules.only)
    if (!reader.seen.includes(one)) {
      io.say(`${one}: not found in archive`);
      reader.bad = true;
    }
  if (!reader.bad || io.busybox) return reader.bad ? 1 : 0;
  io.say("Exiting with failure status due to previous errors");
  return 2;
}
