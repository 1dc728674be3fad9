/** An archive that comes from a container, laid out on the machine. k8s: kubectl/pkg/cmd/cp/cp.go untarAll */
import { goQuote } from "../../machinery/field.ts";
import { decodeUtf8 } from "../../runtime/bytes.ts";
import { Errno } from "../../runtime/errno.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import {
  addMeta,
  block,
  readHeader,
  takeMeta,
  type Meta,
  type TarEntry,
} from "../../runtime/tools/tar/format.ts";
import { goErrno } from "../asks.ts";
import { folderOfPath, isWithin, joined } from "./paths.ts";

/** Where it stands: plain JSON. */
export interface Unpacking {
  namespace: string;
  pod: string;
  /** The path in the container, what its names begin with, and where they go to. */
  source: string;
  prefix: string;
  target: string;
  /** Bytes not used yet. */
  bytes: string;
  /** Content of the entry still to come, and what follows it. */
  left: number;
  pad: number;
  fd?: number;
  /** A long name or pax header being read. */
  meta?: Meta;
  long: Partial<TarEntry>;
  warned?: true;
  ended?: true;
}

export const newUnpacking = (
  place: Pick<Unpacking, "namespace" | "pod" | "source" | "prefix" | "target">,
): Unpacking => ({ ...place, bytes: "", left: 0, pad: 0, long: {} });

/** Takes bytes in; texts for standard error. The failure ends it. */
export function unpack(
  sys: Sys,
  state: Unpacking,
  bytes: string,
): { told: string; error?: string } {
  state.bytes += bytes;
  let told = "";
  for (;;) {
    if (state.ended) {
      state.bytes = "";
      return { told };
    }
    if (state.left > 0 || state.pad > 0) {
      if (state.bytes === "") return { told };
      content(sys, state);
      continue;
    }
    if (state.bytes.length < block) return { told };
    const head = readHeader(state.bytes.slice(0, block));
    state.bytes = state.bytes.slice(block);
    if (head === "end") {
      state.ended = true;
      continue;
    }
    if (!head) return { told, error: "archive/tar: invalid tar header" };
    const done = begin(sys, state, head);
    told += done.told;
    if (done.error !== undefined) return { told, error: done.error };
  }
}

function content(sys: Sys, state: Unpacking): void {
  const part = state.bytes.slice(0, state.left);
  state.left -= part.length;
  if (state.meta) addMeta(state.meta, part);
  else if (state.fd !== undefined && part !== "") sys.write(state.fd, part);
  let rest = state.bytes.slice(part.length);
  if (state.left === 0) {
    const skipped = Math.min(state.pad, rest.length);
    state.pad -= skipped;
    rest = rest.slice(skipped);
    if (state.pad === 0) finish(sys, state);
  }
  state.bytes = rest;
}

function finish(sys: Sys, state: Unpacking): void {
  const { meta } = state;
  if (state.fd !== undefined) sys.close(state.fd);
  delete state.fd;
  if (!meta) return;
  takeMeta(meta, state.long);
  delete state.meta;
}

function begin(sys: Sys, state: Unpacking, head: TarEntry): { told: string; error?: string } {
  state.left = head.size;
  if ("12345".includes(head.type)) state.left = 0;
  state.pad = (block - (state.left % block)) % block;
  if ("LKxg".includes(head.type)) {
    state.meta = { type: head.type, text: "" };
    if (state.left === 0) finish(sys, state);
    return { told: "" };
  }
  const entry = { ...head, ...state.long };
  state.long = {};
  if (!entry.name.startsWith(state.prefix)) return { told: "", error: "tar contents corrupted" };
  const path = joined(state.target, entry.name.slice(state.prefix.length));
  if (!isWithin(state.target, path))
    return {
      told: `warning: file ${goQuote(decodeUtf8(path))} is outside target destination, skipping\n`,
    };
  try {
    return { told: lay(sys, state, entry, path) };
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return { told: "", error: `open ${decodeUtf8(path)}: ${goErrno[error.code] ?? error.message}` };
  }
}

function makeFolders(sys: Sys, path: string): void {
  if (path === "." || path === "/" || sys.peek(path)?.type === "d") return;
  makeFolders(sys, folderOfPath(path));
  sys.mkdir(path, 0o755);
}

function lay(sys: Sys, state: Unpacking, entry: TarEntry, path: string): string {
  makeFolders(sys, folderOfPath(path));
  if (entry.type === "5") {
    makeFolders(sys, path);
    return "";
  }
  if (entry.type === "2") {
    const skipped = `warning: skipping symlink: ${goQuote(decodeUtf8(path))} -> ${goQuote(decodeUtf8(entry.link))}`;
    if (state.warned) return `${skipped}\n`;
    state.warned = true;
    const { namespace, pod, source } = state;
    return `${skipped} (consider using "kubectl exec -n ${goQuote(namespace)} ${goQuote(pod)} -- tar cf - ${goQuote(source)} | tar xf -")\n`;
  }
  const fd = sys.open(path, { write: true, create: true, truncate: true });
  if (state.left > 0) state.fd = fd;
  else sys.close(fd);
  return "";
}
