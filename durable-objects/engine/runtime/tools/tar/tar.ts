/** tar: options, and the archive as a stream in either direction. */
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { matches } from "../../shell/pattern.ts";
import { gunzip, gzip, isGzip } from "../bytes/gzip.ts";
import { options, type Options } from "../options.ts";
import { newWriter, nextPiece, type CreateRules, type TarWriter } from "./create.ts";
import { endTar, newReader, takeTar, type ExtractRules, type TarReader } from "./extract.ts";
import { steps, ToolExit, type Io } from "../tool.ts";

interface TarState {
  mode: "c" | "x" | "t";
  reader?: TarReader;
  writer?: TarWriter;
  /** Archive: descriptor. */
  fd: number;
  zip: boolean;
  /** Compressed data goes through as a whole. */
  zipped?: string;
  /** Something was read. */
  begun?: true;
  exitCode?: number;
  output?: [number, string][];
}

const long = {
  create: "c",
  extract: "x",
  get: "x",
  list: "t",
  file: "f",
  directory: "C",
  gzip: "z",
  gunzip: "z",
  verbose: "v",
  dereference: "h",
  exclude: "E",
  "strip-components": "S",
  "to-stdout": "O",
  touch: "m",
  "no-same-owner": "o",
  "same-permissions": "p",
  "preserve-permissions": "p",
  "no-same-permissions": "N",
  "keep-old-files": "k",
  overwrite: "Y",
  warning: "W",
  "numeric-owner": "Y",
  "no-overwrite-dir": "Y",
  "files-from": "T",
  "exclude-from": "X",
};

function parse(io: Io): Options {
  // `tar xf` is `tar -xf`: the first word's letters take their values from the words behind it.
  const [first = "", ...rest] = io.args;
  if (first !== "" && !first.startsWith("-")) {
    const values = [...first].filter((letter) => "fCTX".includes(letter));
    const words = values.flatMap((letter) => [`-${letter}`, rest.shift() ?? ""]);
    const flags = first.replace(/[fCTX]/g, "");
    io.args.splice(0, io.args.length, ...(flags ? [`-${flags}`] : []), ...words, ...rest);
  }
  return options(io, "cxtf:C:zZajvhE:S:OmopkNYWT:X:", long);
}

const modeOf = (opts: Options): TarState["mode"] | undefined =>
  (["c", "x", "t"] as const).find((letter) => opts.has(letter));

function excluder({ sys }: Io, opts: Options): (name: string) => boolean {
  const patterns = opts.values("E");
  return (name) =>
    patterns.some(
      (pattern) =>
        matches(pattern, name, sys.matching) ||
        matches(`*/${pattern}`, name, sys.matching) ||
        name.startsWith(`${pattern}/`),
    );
}

function extractRules(io: Io, opts: Options): ExtractRules {
  const root = io.sys.who.uid === 0;
  return {
    list: opts.has("t"),
    verbose: opts.has("v"),
    toStdout: opts.has("O"),
    keepOld: opts.has("k"),
    noTime: opts.has("m"),
    owner: root && !opts.has("o"),
    mode: root || opts.has("p"),
    strip: Number(opts.value("S") ?? 0),
    only: opts.rest,
    exclude: excluder(io, opts),
  };
}

const createRules = (io: Io, opts: Options): CreateRules => ({
  verbose: opts.has("v"),
  follow: opts.has("h"),
  exclude: excluder(io, opts),
  tell: opts.value("f") === "-" || !opts.has("f") ? 2 : 1,
});

function begin(io: Io, state: TarState): void {
  const { sys } = io;
  const opts = parse(io);
  const mode = modeOf(opts);
  if (!mode) {
    io.err(
      "BusyBox v1.37.0 () multi-call binary.\n\nUsage: tar c|x|t [-ZzJjahmvokO] [-f TARFILE] [-C DIR] [-T FILE] [-X FILE] [LONGOPT]... [FILE]...\n",
    );
    throw new ToolExit(1);
  }
  state.mode = mode;
  state.zip =
    opts.has("z") || (mode === "c" && opts.has("a") && /\.t?gz$/.test(opts.value("f") ?? ""));
  if (opts.has("j")) io.fail("bzip2 is not in this sandbox");
  const file = opts.value("f") ?? "-";
  if (mode === "c" && opts.rest.length === 0) io.fail("empty archive", io.busybox ? 1 : 2);
  try {
    if (file === "-") state.fd = mode === "c" ? 1 : 0;
    else
      state.fd = sys.open(
        file,
        mode === "c" ? { write: true, create: true, truncate: true } : { read: true },
      );
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.say(`can't open '${file}': ${error.message}`);
    if (io.busybox) throw new ToolExit(1);
    io.fail("Error is not recoverable: exiting now", 2);
  }
  const folder = opts.value("C");
  if (folder !== undefined)
    try {
      sys.chdir(folder);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      io.fail(`can't change directory to '${folder}': ${error.message}`);
    }
  if (mode === "c") state.writer = newWriter(opts.rest);
  else state.reader = newReader();
}

function create(sys: Sys, io: Io, state: TarState): void {
  const rules = createRules(io, parse(io));
  let size = 0;
  while (size < 60_000) {
    const piece = nextPiece(io, state.writer!, rules);
    const data = piece ?? "\0".repeat(1024);
    size += data.length;
    sys.charge(data.length / 50 + 5);
    if (state.zip) {
      state.zipped = (state.zipped ?? "") + data;
      sys.held = state.zipped.length;
    } else io.pending.push([state.fd, data]);
    if (piece !== undefined) continue;
    if (state.zip) io.pending.push([state.fd, gzip(state.zipped ?? "")]);
    delete state.zipped;
    state.exitCode = state.writer!.bad ? (io.busybox ? 1 : 2) : 0;
    if (state.exitCode) io.say("error exit delayed from previous errors");
    return;
  }
}

/** One reading; what to wait for when there is nothing yet. */
function extract(sys: Sys, io: Io, state: TarState): Step {
  const rules = extractRules(io, parse(io));
  const data = sys.read(state.fd, 32_768);
  if (data === undefined) return { wait: { readable: [state.fd] } };
  sys.charge(data.length / 50);
  if (!state.begun && data !== "") {
    state.begun = true;
    if (state.zip || isGzip(data)) state.zipped = "";
  }
  if (state.zipped !== undefined) {
    state.zipped += data;
    sys.held = state.zipped.length;
    if (data !== "") return undefined;
    const made = gunzip(state.zipped);
    delete state.zipped;
    if (typeof made === "string")
      io.fail(made === "bad" ? "corrupted data" : new Errno("ENOSPC").message);
    else
      for (let at = 0; at < made.text.length; at += 65_536)
        takeTar(io, state.reader!, rules, made.text.slice(at, at + 65_536));
  } else takeTar(io, state.reader!, rules, data);
  sys.held = state.reader!.unread.length;
  if (data === "") state.exitCode = endTar(io, state.reader!, rules);
  return undefined;
}

export const tar: Program<TarState> = steps<TarState>("tar", {
  storedNames: {
    fields: { reader: "r", writer: "w", zipped: "z" },
    inside: { reader: { fields: { unread: "b" } }, writer: { fields: { paths: "q" } } },
  },
  first: () => ({ mode: "t", fd: 0, zip: false }),
  begin,
  step(sys, io, state) {
    if (state.mode !== "c") return extract(sys, io, state);
    create(sys, io, state);
    return undefined;
  },
  memoryBytes: (state) =>
    1_048_576 + (state.zipped?.length ?? 0) + (state.reader?.unread.length ?? 0),
});
