/** redis-cli: one command, or lines of standard input; formatted for a terminal, raw for a pipe. */
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { Step } from "../../runtime/kernel/calls.ts";
import { command, parseReply, splitWords, type Reply } from "./protocol.ts";
import {
  dial,
  dialErrorText,
  hangUp,
  receive,
  send,
  waitFor,
  type Socket,
  socketNames,
} from "../serving/sockets.ts";

interface State {
  host: string;
  port: number;
  /** Prints as for a terminal. */
  pretty?: true;
  /** Commands still to send, before any line is read. */
  todo: string[][];
  /** Replies that are awaited, and of those the first ones that are not printed. */
  due: number;
  mute: number;
  socket?: Socket;
  /** Bytes that came and are no whole reply yet. */
  unread?: string;
  /** Lines are read from standard input; it may have ended. */
  lines?: true;
  typed?: string;
  prompted?: true;
  db?: string;
  ended?: true;
  exitCode?: number;
}

const quoted = (text: string): string =>
  `"${text
    .replace(/["\\]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replace(
      /[\x00-\x1f\x7f-\xff]/g,
      (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
    )}"`;

function pretty(reply: Reply, indent = ""): string {
  switch (reply.kind) {
    case "simple":
      return reply.text;
    case "error":
      return `(error) ${reply.text}`;
    case "int":
      return `(integer) ${reply.text}`;
    case "nil":
      return "(nil)";
    case "bulk":
      return quoted(reply.text);
    case "array": {
      if (reply.items.length === 0) return "(empty array)";
      const width = String(reply.items.length).length;
      return reply.items
        .map((item, i) => {
          const number = `${String(i + 1).padStart(width)}) `;
          return `${i === 0 ? "" : indent}${number}${pretty(item, indent + " ".repeat(number.length))}`;
        })
        .join("\n");
    }
  }
}

function raw(reply: Reply): string {
  if (reply.kind === "nil") return "";
  return reply.kind === "array" ? reply.items.map(raw).join("\n") : reply.text;
}

const usage = "redis-cli [OPTIONS] [cmd [arg [arg ...]]]\n";

function options(sys: Sys, state: State): string[] | undefined {
  const words = sys.argv.slice(1);
  const before: string[][] = [];
  while (words[0]?.startsWith("-") && words[0].length > 1) {
    const word = words.shift() ?? "";
    if (word === "-h") state.host = words.shift() ?? state.host;
    else if (word === "-p") state.port = Number(words.shift());
    else if (word === "-a" || word === "--pass") before.push(["AUTH", words.shift() ?? ""]);
    else if (word === "--user") words.shift();
    else if (word === "-n") before.push(["SELECT", (state.db = words.shift() ?? "0")]);
    else if (word === "--raw") delete state.pretty;
    else if (word === "--no-raw") state.pretty = true;
    else if (word === "-u") {
      const url = /^redis:\/\/(?:[^@]*@)?([^:/]+)(?::(\d+))?/.exec(words.shift() ?? "");
      state.host = url?.[1] ?? state.host;
      state.port = Number(url?.[2] ?? state.port);
    } else if (word === "--version" || word === "-v") {
      sys.write(1, `redis-cli ${sys.container.image.version}\n`);
      state.exitCode = 0;
      return undefined;
    } else if (!["--no-auth-warning", "-2", "-3", "--verbose", "--csv"].includes(word)) {
      sys.complain(
        `Unrecognized option or bad number of args for: '${word}'\n${word === "--help" ? usage : ""}`,
      );
      state.exitCode = 1;
      return undefined;
    }
  }
  state.todo = before;
  state.mute = before.length;
  return words;
}

/** Sends what is to be sent; undefined: nothing is left and nothing more comes. */
function next(sys: Sys, state: State): string[] | undefined {
  const ready = state.todo.shift();
  if (ready || !state.lines) return ready;
  for (;;) {
    const end = state.typed?.indexOf("\n") ?? -1;
    if (state.typed === undefined || (end < 0 && !state.ended)) return undefined;
    if (end < 0 && state.typed === "") return undefined;
    const line = end < 0 ? state.typed : state.typed.slice(0, end);
    state.typed = end < 0 ? "" : state.typed.slice(end + 1);
    delete state.prompted;
    const words = splitWords(line);
    if (words === undefined) sys.write(1, "Invalid argument(s)\n");
    else if (/^(exit|quit)$/i.test(words[0] ?? "")) {
      state.exitCode = 0;
      return undefined;
    } else if (words.length) return words;
    if (state.pretty) prompt(sys, state);
  }
}

function prompt(sys: Sys, state: State): void {
  if (state.prompted || !sys.terminal(0)) return;
  state.prompted = true;
  const place = state.socket ? `${state.host}:${state.port}` : "not connected";
  sys.write(1, `${place}${state.db && state.db !== "0" ? `[${state.db}]` : ""}> `);
}

function connect(sys: Sys, state: State): Step | "there" {
  const dialled = dial(sys, state.host, state.port);
  if ("dueAtMs" in dialled) return { wait: { untilMs: Math.max(dialled.dueAtMs, sys.now + 1) } };
  if ("socket" in dialled) {
    state.socket = dialled.socket;
    return "there";
  }
  sys.complain(
    `Could not connect to Redis at ${state.host}:${state.port}: ${dialErrorText[dialled.error]}\n`,
  );
  return { exit: 1 };
}

/** Prints the replies that came; false: the server has hung up. */
function takeReplies(sys: Sys, state: State, socket: Socket): boolean {
  for (;;) {
    const data = receive(sys, socket);
    if (data === "") return state.due === 0;
    if (data === undefined) break;
    state.unread = (state.unread ?? "") + data;
  }
  while (state.unread && state.due > 0) {
    const parsed = parseReply(state.unread);
    if (parsed === "more") break;
    state.unread = state.unread.slice(parsed.used);
    state.due--;
    const { reply } = parsed;
    if (state.mute > 0) {
      state.mute--;
      if (reply.kind === "error") sys.complain(`AUTH failed: ${reply.text}\n`);
      continue;
    }
    sys.write(1, `${state.pretty ? pretty(reply) : raw(reply)}\n`);
    if (reply.kind === "error" && !state.lines) state.exitCode = 1;
    if (state.pretty && state.lines) prompt(sys, state);
  }
  if (state.unread === "") delete state.unread;
  return true;
}

export const redisCli: Program<State> = {
  name: "redis-cli",
  storedNames: {
    fields: { socket: "s", unread: "b", exitCode: "x" },
    inside: { socket: socketNames },
  },
  start(sys) {
    const state: State = { host: "127.0.0.1", port: 6379, todo: [], due: 0, mute: 0 };
    if (sys.terminal(1)) state.pretty = true;
    const words = options(sys, state);
    if (words?.length) state.todo.push(words);
    else if (words) {
      state.lines = true;
      state.typed = "";
    }
    return state;
  },
  step(sys, state): Step {
    if (state.exitCode !== undefined && state.due === 0) return { exit: state.exitCode };
    if (!state.socket) {
      const step = connect(sys, state);
      if (step !== "there") return step;
      if (state.lines && state.pretty) prompt(sys, state);
    }
    const socket = state.socket as Socket;
    if (state.lines && !state.ended && sys.readable(0)) {
      const data = sys.read(0);
      if (data === "") state.ended = true;
      else if (data !== undefined) state.typed = (state.typed ?? "") + data;
    }
    while (state.due === 0 || !state.lines) {
      const words = next(sys, state);
      if (!words) break;
      if (/^select$/i.test(words[0] ?? "")) state.db = words[1] ?? "0";
      send(sys, socket, command(words));
      state.due++;
    }
    if (!takeReplies(sys, state, socket)) {
      sys.complain("Error: Server closed the connection\n");
      return { exit: 1 };
    }
    const over =
      state.due === 0 &&
      state.todo.length === 0 &&
      (!state.lines || state.exitCode !== undefined || (state.ended && !state.typed));
    if (over) {
      hangUp(sys, socket);
      return { exit: state.exitCode ?? 0 };
    }
    if (state.due === 0 && (state.typed?.includes("\n") || state.ended)) return undefined;
    const wait = waitFor(socket);
    return {
      wait: {
        ...wait,
        readable: [...(wait.readable ?? []), ...(state.lines && !state.ended ? [0] : [])],
      },
    };
  },
  memoryBytes: () => 3_000_000,
};

/** redis-benchmark is not simulated; it says so. */
export const redisBenchmark: Program<Record<string, never>> = {
  name: "redis-benchmark",
  start(sys) {
    sys.complain("redis-benchmark: not simulated in this sandbox\n");
    return {};
  },
  step: () => ({ exit: 1 }),
};
