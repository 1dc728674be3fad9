/** scp: files to and from another node, by way of ssh. OpenSSH: scp.c */
import type { Program } from "../../kernel/types.ts";
import { type Caller, type Calls, noCalls, pending, unit, callNames } from "../children.ts";
import { options } from "../options.ts";
import { drain, Io, ToolExit } from "../tool.ts";
import { shellQuote } from "./ssh.ts";

interface ScpState extends Calls {
  sources: string[];
  target: string;
  folders: boolean;
  code: number;
}

interface Remote {
  host: string;
  path: string;
}

/** `[user@]host:path`; a path with a slash before its colon is none. */
function remoteOf(word: string): Remote | undefined {
  const colon = word.indexOf(":");
  if (colon <= 0 || word.slice(0, colon).includes("/")) return undefined;
  return { host: word.slice(0, colon), path: word.slice(colon + 1) || "." };
}

const baseOf = (path: string): string => path.split("/").findLast((part) => part !== "") ?? path;

/** A shell line that reads an archive into a place: a folder, or a name of its own. */
function unpack(target: string, name: string): string {
  const [to, from] = [shellQuote(target), shellQuote(name)];
  const temporary = '"$(mktemp -d)"';
  return (
    `t=${to}; d=${temporary}; tar -C "$d" -xf - && ` +
    `if [ -d "$t" ]; then cp -rp "$d"/${from} "$t"/; else cp -rp "$d"/${from} "$t"; fi; c=$?; rm -r "$d"; exit $c`
  );
}

function pack(path: string): string {
  const cut = path.replace(/(.)\/$/, "$1");
  const at = cut.lastIndexOf("/");
  const folder = at < 0 ? "." : cut.slice(0, at) || "/";
  return `tar -C ${shellQuote(folder)} -cf - ${shellQuote(baseOf(cut))}`;
}

/** Of one source: the command that copies it. */
function copy(io: Io, caller: Caller, state: ScpState, source: string): number {
  const from = remoteOf(source);
  const to = remoteOf(state.target);
  if (!from) {
    const found = io.sys.peek(source);
    if (!found) {
      io.err(`scp: stat local "${source}": No such file or directory\n`);
      return 1;
    }
    if (found.type === "d" && !state.folders) {
      io.err(`scp: local "${source}" is not a regular file\n`);
      return 1;
    }
  }
  const name = baseOf(from?.path ?? source);
  if (from) {
    const test = state.folders ? "-e" : "-f";
    const there = caller.run(["ssh", "-n", from.host, `[ ${test} ${shellQuote(from.path)} ]`]);
    if (there === 255) return 255;
    if (there !== 0) {
      io.err(`scp: ${from.path}: No such file or directory\n`);
      return 1;
    }
  }
  const packed = pack(from?.path ?? source);
  const sender = from ? `ssh -n ${shellQuote(from.host)} ${shellQuote(packed)}` : packed;
  const placed = unpack(to?.path ?? state.target, name);
  const receiver = to
    ? `ssh ${shellQuote(to.host)} ${shellQuote(placed)}`
    : `sh -c ${shellQuote(placed)}`;
  return caller.run(["sh", "-c", `${sender} | ${receiver}`]);
}

export const scp: Program<ScpState> = {
  name: "scp",
  storedNames: callNames,
  start(sys) {
    const io = new Io(sys);
    const state: ScpState = { ...noCalls(), sources: [], target: "", folders: false, code: 0 };
    try {
      const opts = options(io, "346ABCOpqRrsTvc:D:F:i:J:l:o:P:S:X:");
      state.sources = opts.rest.slice(0, -1);
      state.target = opts.rest.at(-1) ?? "";
      state.folders = opts.has("r");
      if (state.sources.length === 0) {
        io.err("usage: scp [-346ABCOpqRrsTv] [-c cipher] [-P port] source ... target\n");
        throw new ToolExit(1);
      }
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      state.exitCode = error.code;
    }
    if (io.pending.length) state.output = io.pending;
    return state;
  },
  step(sys, state) {
    if (state.exitCode !== undefined) return drain(sys, state);
    const stuck = pending(sys, state);
    if (stuck) return stuck;
    const [source] = state.sources;
    if (source === undefined) return { exit: state.code };
    const io = new Io(sys);
    let code = 0;
    const done = unit(io, state, (caller) => {
      code = copy(io, caller, state, source);
    });
    if (done) {
      state.sources.shift();
      state.code ||= code;
    }
    return undefined;
  },
};
