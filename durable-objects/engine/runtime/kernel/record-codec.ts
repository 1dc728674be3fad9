/**
 * Field names of Pods' records on disk: short, as a Pod's record is written in every turn in which it does something.
 * What a process keeps for itself has the names of its program (`Program.storedNames`).
 */
import { RecordCodec, type StoredNames } from "../../core/record-codec.ts";
import type { ImageCatalog, Program } from "./types.ts";

const wait: StoredNames = {
  fields: { untilMs: "t", readable: "r", writable: "w", childEnd: "ch", answer: "nt" },
};

const process: StoredNames = {
  fields: {
    container: "c",
    pidNamespace: "ns",
    parent: "pp",
    orphan: "oph",
    program: "p",
    args: "a",
    state: "s",
    wait: "w",
    localTimeMs: "lt",
    requestLoad: "ld",
    startedAtMs: "t",
    fds: "fd",
    env: "e",
    uid: "u",
    gid: "g",
    groups: "gs",
    processGroup: "pg",
    umask: "um",
    told: "tl",
    pendingSignals: "sig",
    ignoredSignals: "ig",
    keptFds: "kf",
    stopped: "st",
    exitStatus: "z",
    session: "se",
    executable: "ex",
    rootFolder: "rt",
  },
  inside: { wait },
};

const openFile: StoredNames = {
  fields: {
    references: "n",
    kind: "k",
    tree: "t",
    file: "i",
    offset: "o",
    mode: "m",
    append: "a",
    pipe: "p",
    session: "s",
    end: "e",
    connection: "c",
    port: "l",
  },
};

const pipe: StoredNames = {
  fields: { bytes: "b", readers: "r", writers: "w", fifo: "f", noWriterYet: "nw" },
};

const connection: StoredNames = {
  fields: {
    bytes: "b",
    writeClosed: "x",
    addresses: "a",
    accepted: "ok",
    stream: "o",
    outbound: "f",
    halfClosed: "hf",
  },
};

const listener: StoredNames = {
  fields: {
    process: "p",
    address: "a",
    kind: "k",
    tls: "s",
    certificate: "x",
    certificateFile: "cf",
    backlog: "q",
    datagrams: "d",
    replies: "r",
  },
};

const container: StoredNames = {
  fields: { startedAtMs: "t", pidNamespace: "ns", endedCpu: "u", exit: "x", ownMounts: "mt" },
};

const logRepeat: StoredNames = {
  fields: { nextAtMs: "t", everyMs: "e", stream: "s", text: "x", count: "n", probe: "k" },
};

const log: StoredNames = {
  fields: {
    firstChunk: "a",
    lastChunk: "b",
    lastChunkBytes: "z",
    entries: "n",
    repeats: "rep",
  },
  inside: { boot: { fields: { lines: "n" } }, repeats: { each: logRepeat } },
};

const session: StoredNames = {
  fields: {
    kind: "k",
    container: "c",
    input: "i",
    inputEnded: "ie",
    unattended: "q",
    editedLine: "ed",
    stdout: "o",
    stderr: "e",
    process: "p",
    foregroundGroup: "fg",
    exitCode: "x",
  },
};

const request: StoredNames = {
  fields: { request: "q", response: "r", dueAtMs: "t", connection: "c", waiter: "o" },
};

const podRecord = (each: StoredNames): StoredNames => ({
  fields: {
    containers: "cs",
    processes: "ps",
    nextPids: "ns",
    hostPidBase: "hp",
    openFiles: "of",
    pipes: "pi",
    connections: "co",
    listeners: "li",
    dummyDevices: "dv",
    sessions: "se",
    requests: "ht",
    memoryFileBytes: "mf",
    packed: "pk",
  },
  inside: {
    containers: { each: container },
    processes: { each },
    openFiles: { each: openFile },
    pipes: { each: pipe },
    connections: { each: connection },
    listeners: { each: listener },
    sessions: { each: session },
    requests: { each: request },
    logs: { each: { each: log } },
  },
});

/** Without what processes keep for themselves. */
export const runtimeRecordCodec = new RecordCodec(podRecord(process));

const codecs = new WeakMap<ImageCatalog, RecordCodec>();

/** The codec of Pods whose programs are those of a catalog; it looks for them at first use. */
export function podRecordCodec(images: ImageCatalog): RecordCodec {
  let codec = codecs.get(images);
  if (!codec) {
    const names = (program: string): StoredNames | undefined => {
      const state = images.programs.get(program)?.storedNames;
      return state && { inside: { state } };
    };
    codec = new RecordCodec(podRecord({ ...process, by: { field: "program", names } }));
    codecs.set(images, codec);
  }
  return codec;
}

const stateCodecs = new WeakMap<StoredNames, RecordCodec>();

/** The codec of what a process of a program keeps; undefined: it is stored as it is. */
export function stateCodec(program: Program | undefined): RecordCodec | undefined {
  const names = program?.storedNames;
  if (!names) return undefined;
  let codec = stateCodecs.get(names);
  if (!codec) stateCodecs.set(names, (codec = new RecordCodec(names)));
  return codec;
}
