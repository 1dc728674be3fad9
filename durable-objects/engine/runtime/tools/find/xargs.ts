/** xargs: builds command lines from its input and runs them one after the other, or `-P` at a time. */
import { wholeFileBytesMax } from "../../../core/limits.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { launch } from "../children.ts";
import { options } from "../options.ts";
import { Io, ToolExit } from "../tool.ts";

interface XargsState {
  /** Input so far; undefined once it is cut into items. */
  input?: string;
  items: string[];
  at: number;
  argv: string[];
  perCommand: number;
  replace?: string;
  zero: boolean;
  skipEmpty: boolean;
  tell: boolean;
  most: number;
  pids: number[];
  exitCode: number;
  ran?: true;
  /** No more commands. */
  over?: true;
}

/** Words with quotes and backslashes as xargs reads them; undefined: a quote is open. */
function words(text: string): string[] | "single" | "double" {
  const out: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "'" || c === '"') {
      const end = text.indexOf(c, i + 1);
      if (end < 0) return c === "'" ? "single" : "double";
      word = (word ?? "") + text.slice(i + 1, end);
      i = end;
    } else if (c === "\\" && i + 1 < text.length) word = (word ?? "") + text[++i]!;
    else if (c === " " || c === "\t" || c === "\n") {
      if (word !== undefined) out.push(word);
      word = undefined;
    } else word = (word ?? "") + c;
  }
  if (word !== undefined) out.push(word);
  return out;
}

function cutItems(sys: Sys, state: XargsState): void {
  const text = state.input ?? "";
  delete state.input;
  if (state.zero)
    state.items = text.split("\0").filter((item, i, all) => item || i < all.length - 1);
  else if (state.replace !== undefined)
    state.items = text
      .split("\n")
      .map((line) => line.replace(/^[ \t]+/, ""))
      .filter(Boolean);
  else {
    const made = words(text);
    if (typeof made === "string") {
      sys.complain(`xargs: unmatched ${made} quote\n`);
      state.over = true;
      state.exitCode = 1;
    } else state.items = made;
  }
}

/** The next command line, if there is one. */
function nextLine(state: XargsState): string[] | undefined {
  const { items, argv, replace } = state;
  if (replace !== undefined) {
    const item = items[state.at++];
    return item === undefined ? undefined : argv.map((word) => word.replaceAll(replace, item));
  }
  if (state.at >= items.length && (state.ran || state.skipEmpty)) return undefined;
  let size = argv.join(" ").length;
  const taken: string[] = [];
  while (state.at < items.length && taken.length < state.perCommand) {
    size += items[state.at]!.length + 1;
    if (size > 32_768 && taken.length) break;
    taken.push(items[state.at++]!);
  }
  return [...argv, ...taken];
}

function judge(sys: Sys, state: XargsState, status: number, signal?: number): void {
  const name = state.argv[0] ?? "";
  if (signal !== undefined) {
    sys.complain(`xargs: '${name}' terminated by signal ${signal}\n`);
    state.exitCode = 125;
    state.over = true;
  } else if (status === 255) {
    sys.complain(`xargs: ${name}: exited with status 255; aborting\n`);
    state.exitCode = 124;
    state.over = true;
  } else if (status === 127 || status === 126) {
    state.exitCode = status;
    state.over = true;
  } else if (status !== 0) state.exitCode = 123;
}

function xargsStep(sys: Sys, state: XargsState): Step {
  while (state.input !== undefined) {
    const data = sys.read(0);
    if (data === undefined) return { wait: { readable: [0] } };
    if (data === "") cutItems(sys, state);
    else state.input += data;
    sys.held = state.input?.length ?? 0;
    sys.charge(data.length / 50);
    if (sys.held > wholeFileBytesMax) {
      sys.kernel.oomKill(sys.key);
      return undefined;
    }
  }
  for (const pid of state.pids) {
    const ended = sys.wait(pid);
    if (!ended) continue;
    state.pids = state.pids.filter((one) => one !== pid);
    if (ended !== "none") judge(sys, state, ended.status, ended.signal);
  }
  while (!state.over && state.pids.length < state.most) {
    const line = nextLine(state);
    if (!line) {
      state.over = true;
      break;
    }
    state.ran = true;
    if (state.tell) sys.complain(`${line.join(" ")}\n`);
    state.pids.push(
      launch(
        sys,
        line,
        (command, why) => `xargs: ${command}: ${why}\n`,
        (child) => {
          child.close(0);
          child.open("/dev/null", { read: true });
        },
      ),
    );
    if (state.pids.length > 0) break;
  }
  if (state.pids.length > 0 || !state.over)
    return state.over || state.pids.length >= state.most ? { wait: { childEnd: true } } : undefined;
  return { exit: state.exitCode };
}

export const xargs: Program<XargsState> = {
  name: "xargs",
  storedNames: { fields: { exitCode: "x", input: "i", perCommand: "n" } },
  start(sys) {
    const io = new Io(sys);
    const state: XargsState = {
      input: "",
      items: [],
      at: 0,
      argv: ["echo"],
      perCommand: 5_000,
      zero: false,
      skipEmpty: false,
      tell: false,
      most: 1,
      pids: [],
      exitCode: 0,
    };
    try {
      const long = {
        null: "0",
        "no-run-if-empty": "r",
        verbose: "t",
        "max-args": "n",
        "max-procs": "P",
        replace: "I",
      };
      const opts = options(io, "0rtpxn:I:P:s:L:E:d:", long, true);
      if (opts.rest.length) state.argv = opts.rest;
      const n = opts.value("n") ?? opts.value("L");
      if (n !== undefined)
        state.perCommand = /^[1-9]\d*$/.test(n) ? Number(n) : io.fail(`invalid number '${n}'`);
      const replace = opts.value("I");
      if (replace !== undefined) state.replace = replace;
      state.zero = opts.has("0");
      state.skipEmpty = opts.has("r");
      state.tell = opts.has("t");
      state.most = Math.min(16, Number(opts.value("P") ?? 1) || 16);
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      for (const [fd, text] of io.pending) if (fd === 2) sys.complain(text);
      delete state.input;
      state.over = true;
      state.exitCode = error.code;
    }
    return state;
  },
  step: xargsStep,
};
