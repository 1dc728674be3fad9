/** ssh: a command, or a login shell, on another node. OpenSSH: ssh.c, clientloop.c */
import { hostUnreachableMs, sessionInputBytesMax } from "../../../core/limits.ts";
import type { Node } from "../../../kinds/node.ts";
import { nodeIsDown } from "../../../kinds/node-machine.ts";
import { encodeUtf8 } from "../../bytes.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { machineKey } from "../../machine-key.ts";
import { type Link, link, linkHandle, putLink, removeLink } from "../../node/links.ts";
import { isActive } from "../../node/services.ts";
import { options } from "../options.ts";
import { drain, Io, ToolExit, outputNames } from "../tool.ts";

interface SshState {
  handle?: string;
  /** As it was called by. */
  host: string;
  tty: boolean;
  /** A login shell, whose end is told. */
  shell: boolean;
  /** Standard input has ended, or is not to be read. */
  ended?: true;
  /** When a host that cannot be reached is given up. */
  failAtMs?: number;
  output?: [number, string][];
  exitCode?: number;
}

/** The node of a name or an address. */
export function nodeNamed(sys: Sys, name: string): string | undefined {
  const nodes = sys.kernel.context.reader.list<Node>("nodes");
  const short = name === "localhost" || name === "127.0.0.1" ? sys.kernel.pod.pod.node : name;
  return nodes.find(
    ({ metadata, status }) =>
      metadata.name === short || status?.addresses?.some(({ address }) => address === short),
  )?.metadata.name;
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** What runs there: a user's own shell, or root's. */
function commandFor(user: string, words: string[]): string[] {
  const line = words.join(" ");
  if (user === "root") return words.length ? ["bash", "-c", line] : ["bash", "-l"];
  return words.length ? ["su", "-", user, "-c", line] : ["su", "-", user];
}

const optionLetters = "46AaCfGgKkMNnqsTtVvXxYyb:c:D:E:e:F:I:i:J:L:l:m:O:o:p:Q:R:S:W:w:";

function begin(sys: Sys, io: Io, state: SshState): void {
  const opts = options(io, optionLetters, {}, true);
  const [target, ...words] = opts.rest;
  if (target === undefined) {
    io.err(
      "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-l login_name] [-p port] destination [command [argument ...]]\n",
    );
    throw new ToolExit(255);
  }
  const bare = target.replace(/^ssh:\/\//, "");
  const at = bare.lastIndexOf("@");
  const user = at >= 0 ? bare.slice(0, at) : (opts.value("l") ?? callerName(io));
  state.host = bare.slice(at + 1);
  const fail = (text: string): never => {
    io.err(`ssh: ${text}\n`);
    throw new ToolExit(255);
  };
  const to = nodeNamed(sys, state.host);
  if (to === undefined) fail(`Could not resolve hostname ${state.host}: Name or service not known`);
  const node = to as string;
  const port = opts.value("p") ?? "22";
  const { context } = sys.kernel;
  if (nodeIsDown(context.reader, node)) {
    state.failAtMs = sys.now + hostUnreachableMs;
    return;
  }
  if (port !== "22" || !isActive(context, node, "ssh"))
    fail(`connect to host ${state.host} port ${port}: Connection refused`);
  const terminal = sys.terminal(0);
  state.shell = words.length === 0;
  state.tty = opts.has("T") ? false : opts.has("t") || (state.shell && terminal !== undefined);
  if (opts.has("n")) state.ended = true;
  const handle = linkHandle(sys.kernel.key, sys.kernel.pod.next++);
  const size = terminal?.cols && terminal.rows ? { cols: terminal.cols, rows: terminal.rows } : {};
  const made: Link = {
    from: sys.kernel.key,
    process: sys.key,
    to: node,
    command: commandFor(user, words),
    tty: state.tty,
    ...(state.tty ? size : {}),
    input: "",
    stdout: "",
    stderr: "",
    ...(state.ended ? { inputEnded: true as const } : {}),
  };
  putLink(context.records, handle, made);
  state.handle = handle;
  if (state.tty && terminal) terminal.raw = true;
  context.wakePod(machineKey(node));
}

const callerName = (io: Io): string =>
  io.sys.container.passwd.find(({ uid }) => uid === io.sys.who.uid)?.name ?? "root";

/** Adds to what the other side is to read. */
function send(sys: Sys, state: SshState, change: (known: Link) => Link): void {
  const { context } = sys.kernel;
  const known = state.handle && link(context.records, state.handle);
  if (!known || !state.handle) return;
  putLink(context.records, state.handle, change(known));
  context.wakePod(machineKey(known.to));
}

function takeInput(sys: Sys, state: SshState): boolean {
  const { context } = sys.kernel;
  const known = state.handle && link(context.records, state.handle);
  if (!known || state.ended || known.input.length >= sessionInputBytesMax) return false;
  const data = sys.read(0);
  if (data === undefined) return false;
  if (data === "") state.ended = true;
  send(sys, state, (now) =>
    data === "" ? { ...now, inputEnded: true } : { ...now, input: now.input + data },
  );
  return true;
}

/** A terminal here adds the carriage returns that the one there has added. */
const takenBy = (sys: Sys, fd: number, text: string | undefined): string | undefined =>
  sys.terminal(fd) && text?.replaceAll("\r\n", "\n");

function finish(sys: Sys, state: SshState, code: number, word?: string): Step {
  const terminal = sys.terminal(0);
  if (state.tty && terminal) delete terminal.raw;
  if (state.handle) removeLink(sys.kernel.context.records, state.handle);
  delete state.handle;
  if (word !== undefined) (state.output ??= []).push([2, encodeUtf8(word)]);
  state.exitCode = code;
  return drain(sys, state);
}

function step(sys: Sys, state: SshState): Step {
  if (state.output || state.exitCode !== undefined) {
    const stuck = drain(sys, state);
    if (stuck) return stuck;
  }
  if (state.failAtMs !== undefined) {
    if (sys.now < state.failAtMs) return { wait: { untilMs: state.failAtMs } };
    return finish(
      sys,
      state,
      255,
      `ssh: connect to host ${state.host} port 22: No route to host\n`,
    );
  }
  const { records } = sys.kernel.context;
  const handle = state.handle as string;
  const known = link(records, handle);
  const closed = `Connection to ${state.host} closed by remote host.\n`;
  if (!known) return finish(sys, state, 255, closed);
  const { stdout, stderr, exit, lost, ...rest } = known;
  if (stdout !== "" || stderr !== "") {
    putLink(records, handle, { ...known, stdout: "", stderr: "" });
    sys.kernel.context.wakePod(machineKey(known.to));
    const out = takenBy(sys, 1, state.tty ? stdout : undefined) ?? stdout;
    state.output = [];
    if (out !== "") state.output.push([1, out]);
    if (stderr !== "") state.output.push([2, stderr]);
    return drain(sys, state);
  }
  if (lost) return finish(sys, state, 255, closed);
  if (exit !== undefined)
    return finish(
      sys,
      state,
      exit,
      state.tty ? `Connection to ${state.host} closed.\n` : undefined,
    );
  while (takeInput(sys, state)) void rest;
  const reads = !state.ended && rest.input.length < sessionInputBytesMax;
  return { wait: { answer: handle, ...(reads ? { readable: [0] } : {}) } };
}

/** Keys that a terminal makes signals of go to the other machine's terminal; so does its size. */
const keys: Record<number, string> = { 2: "\x03", 3: "\x1c", 20: "\x1a" };

export const ssh: Program<SshState> = {
  name: "ssh",
  storedNames: { fields: outputNames },
  start(sys) {
    const io = new Io(sys);
    io.badCode = 255;
    const state: SshState = { host: "", tty: false, shell: false };
    try {
      begin(sys, io, state);
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      state.exitCode = error.code;
    }
    if (io.pending.length) state.output = io.pending;
    return state;
  },
  step,
  handles: (state, signal) => state.tty && (signal in keys || signal === 28),
  signal(sys, state, signal) {
    const key = keys[signal];
    const terminal = sys.terminal(0);
    if (key !== undefined) send(sys, state, (known) => ({ ...known, input: known.input + key }));
    else if (terminal?.cols && terminal.rows) {
      const { cols, rows } = terminal;
      send(sys, state, (known) => ({ ...known, cols, rows }));
    }
    return undefined;
  },
};

export { quote as shellQuote };
