/** socat: bytes both ways between two addresses; with `fork` between each who comes and the other address. */
import { socatPairsMax } from "../../../core/limits.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Wait } from "../../kernel/state.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { errorLogTime } from "../../logs/times.ts";
import { readAddress } from "./addresses.ts";
import {
  acceptAt,
  close,
  endOutput,
  give,
  isListener,
  listenFor,
  open,
  parsed,
  take,
  type Channel,
} from "./channels.ts";

/** Two channels, and what is on its way between them. */
interface Pair {
  /** Of the first and the second address, once open. */
  ends: [Channel | null, Channel | null];
  /** Read from each, and not yet written to the other. */
  moving: [string, string];
  /** Each has said all. */
  ended: [boolean, boolean];
  /** Begun when; ends then, as one side has ended. */
  closesAt?: number;
  /** Tried again then. */
  retryAt?: number;
  tries?: number;
}

interface State {
  words: string[];
  /** Listening descriptors of either address. */
  listeners: (number | null)[];
  pairs: Pair[];
  /** Ends after so long without a byte (-T), and so long after one side's end (-t). */
  idleMs?: number;
  lingerMs: number;
  used: number;
  /** One direction only. */
  oneWay?: "u" | "U";
  exitCode?: number;
}

/** How long the other side may still speak, unless -t says. socat: doc/socat.html -t */
const lingerMs = 500;

const newPair = (): Pair => ({ ends: [null, null], moving: ["", ""], ended: [false, false] });

function say(sys: Sys, text: string): void {
  sys.complain(`${errorLogTime(sys.now)} socat[${sys.pid}] E ${text}\n`);
}

function begin(sys: Sys): State {
  const state: State = {
    words: [],
    listeners: [null, null],
    pairs: [],
    lingerMs,
    used: sys.now,
  };
  const words = sys.argv.slice(1);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === "-" || !word.startsWith("-")) state.words.push(word);
    else if (word === "-V" || word === "-h" || word === "-?") {
      sys.write(1, "socat by Gerhard Rieger and contributors - see www.dest-unreach.org\nsocat version 1.8.0.3\n"); // prettier-ignore
      return { ...state, exitCode: 0 };
    } else if (word === "-u" || word === "-U") state.oneWay = word === "-u" ? "u" : "U";
    else if (/^-[tTbSrRL]$/.test(word) || word === "-lf" || word === "-lp") {
      const value = Number(words[++i]);
      if (word === "-t") state.lingerMs = value * 1000;
      else if (word === "-T") state.idleMs = value * 1000;
    }
  }
  if (state.words.length !== 2) {
    say(sys, `exactly 2 addresses required (there are ${state.words.length}); use option "-h" for help`); // prettier-ignore
    return { ...state, exitCode: 1 };
  }
  for (const word of state.words) {
    const address = readAddress(word);
    if (!("bad" in address)) continue;
    say(sys, address.bad);
    return { ...state, exitCode: 1 };
  }
  return state;
}

/** An end of a pair, opened as far as that goes: "ready", "failed", or what to wait for. */
function opened(sys: Sys, state: State, pair: Pair, side: 0 | 1): "ready" | "failed" | Wait {
  if (pair.ends[side]) return "ready";
  if (pair.retryAt !== undefined && sys.now < pair.retryAt) return { untilMs: pair.retryAt };
  delete pair.retryAt;
  const address = parsed(state.words[side] as string);
  const fork = "fork" in address.options;
  if (isListener(address)) {
    const listening = state.listeners[side] ?? listenFor(sys, address);
    if (typeof listening === "object") {
      say(sys, listening.error);
      return "failed";
    }
    state.listeners[side] = listening;
    const channel = acceptAt(sys, address, listening);
    if (!channel) return { readable: [listening] };
    pair.ends[side] = channel;
    if (!fork && address.kind !== "udp-listen") {
      sys.close(listening);
      state.listeners[side] = null;
    }
    return "ready";
  }
  const others = state.pairs.flatMap(({ ends }) => ends.flatMap((end) => [end?.in, end?.out]));
  const from = pair.ends[0]?.from;
  const fd = [...others, ...state.listeners].filter((one): one is number => typeof one === "number"); // prettier-ignore
  const made = open(sys, address, { fd, ...(from === undefined ? {} : { from }) });
  if ("wait" in made) return made.wait;
  if (!("error" in made)) {
    pair.ends[side] = made;
    return "ready";
  }
  const { retry, forever, interval } = address.options;
  const tries = (pair.tries = (pair.tries ?? 0) + 1);
  if (forever !== undefined || tries <= Number(retry ?? 0)) {
    pair.retryAt = sys.now + Number(interval ?? 1) * 1000;
    return { untilMs: pair.retryAt };
  }
  say(sys, made.error);
  return "failed";
}

/** Moves what there is from one end to the other; whether something moved, or what is waited for is added. */
function move(sys: Sys, state: State, pair: Pair, from: 0 | 1, waits: Wait[]): boolean {
  const to = from === 0 ? 1 : 0;
  const [source, sink] = [pair.ends[from] as Channel, pair.ends[to] as Channel];
  if (state.oneWay && (state.oneWay === "u") !== (from === 0)) return false;
  if (pair.moving[from] === "" && !pair.ended[from]) {
    const data = take(sys, source);
    if (data === undefined) {
      const fd = source.in;
      if (fd !== undefined) waits.push({ readable: [fd] });
      return false;
    }
    if (data === "") {
      pair.ended[from] = true;
      endOutput(sys, sink);
      pair.closesAt ??= sys.now + state.lingerMs;
      return true;
    }
    pair.moving[from] = data;
  }
  if (pair.moving[from] === "") return false;
  const gone = give(sys, sink, pair.moving[from]);
  if (typeof gone === "object") {
    waits.push(gone.wait);
    return false;
  }
  if (gone === "closed") {
    // Nobody takes what was on its way.
    pair.ended = [true, true];
    pair.moving = ["", ""];
    return true;
  }
  state.used = sys.now;
  pair.moving[from] = pair.moving[from].slice(gone);
  if (gone === 0 && sink.out !== undefined) waits.push({ writable: [sink.out] });
  return gone > 0;
}

/** Pushes a pair on. True: it is over. */
function push(sys: Sys, state: State, pair: Pair, waits: Wait[]): boolean {
  for (const side of [0, 1] as const) {
    const ready = opened(sys, state, pair, side);
    if (ready === "ready") continue;
    if (ready !== "failed") waits.push(ready);
    else state.exitCode = 1;
    return ready === "failed";
  }
  for (let moved = true; moved;) {
    moved = move(sys, state, pair, 0, waits);
    moved = move(sys, state, pair, 1, waits) || moved;
  }
  const both = pair.ended[0] && pair.ended[1];
  const oneWay = state.oneWay && pair.ended[state.oneWay === "u" ? 0 : 1];
  const late = pair.closesAt !== undefined && sys.now >= pair.closesAt;
  const idle = state.idleMs !== undefined && sys.now >= state.used + state.idleMs;
  const waiting = pair.moving[0] !== "" || pair.moving[1] !== "";
  if ((both && !waiting) || oneWay || late || idle) return true;
  if (pair.closesAt !== undefined) waits.push({ untilMs: pair.closesAt });
  if (state.idleMs !== undefined) waits.push({ untilMs: state.used + state.idleMs });
  return false;
}

/** Of several, any of which goes on. */
function anyOf(waits: readonly Wait[]): Wait {
  const untilMs = Math.min(...waits.map((wait) => wait.untilMs ?? Infinity));
  const readable = waits.flatMap((wait) => wait.readable ?? []);
  const writable = waits.flatMap((wait) => wait.writable ?? []);
  const answer = waits.flatMap((wait) => wait.answer ?? []).join(" ");
  return {
    ...(untilMs === Infinity ? {} : { untilMs }),
    ...(readable.length ? { readable } : {}),
    ...(writable.length ? { writable } : {}),
    ...(answer === "" ? {} : { answer }),
  };
}

/** Who comes to a listener that forks gets a pair; datagrams of a known peer go to that peer's. */
function welcome(sys: Sys, state: State, waits: Wait[]): void {
  const address = parsed(state.words[0] as string);
  const listening = state.listeners[0] ?? listenFor(sys, address);
  if (typeof listening === "object") {
    say(sys, listening.error);
    state.exitCode = 1;
    return;
  }
  state.listeners[0] = listening;
  waits.push({ readable: [listening] });
  while (state.pairs.length < socatPairsMax) {
    const channel = acceptAt(sys, address, listening);
    if (!channel) return;
    const known = state.pairs.find(
      ({ ends: [first] }) => first?.peer !== undefined && first.peer === channel.peer,
    );
    const first = known?.ends[0];
    if (first) first.came = (first.came ?? "") + (channel.came ?? "");
    else state.pairs.push({ ...newPair(), ends: [channel, null] });
  }
}

function step(sys: Sys, state: State): Step {
  if (state.exitCode !== undefined) return { exit: state.exitCode };
  for (let gone = sys.wait(); typeof gone === "object"; gone = sys.wait());
  const waits: Wait[] = [];
  const first = parsed(state.words[0] as string);
  const forks = isListener(first) && "fork" in first.options;
  if (forks) {
    welcome(sys, state, waits);
    if (state.exitCode !== undefined) return { exit: state.exitCode };
  } else if (state.pairs.length === 0) state.pairs.push(newPair());
  state.pairs = state.pairs.filter((pair) => {
    if (!push(sys, state, pair, waits)) return true;
    for (const end of pair.ends) if (end) close(sys, end);
    return false;
  });
  // Who is a child of its own there takes its failure with it.
  if (forks) delete state.exitCode;
  else if (state.pairs.length === 0) return { exit: state.exitCode ?? 0 };
  sys.held = state.pairs.reduce((sum, { moving: [a, b] }) => sum + a.length + b.length, 0);
  return { wait: anyOf(waits) };
}

export const socat: Program<State> = {
  name: "socat",
  start(sys) {
    // A closed pipe is an end like any other (SIGPIPE).
    sys.process.ignoredSignals = [...(sys.process.ignoredSignals ?? []), 13];
    return begin(sys);
  },
  step,
  handles: (_state, signal) => signal === 15 || signal === 2 || signal === 1,
  signal: (_sys, _state, signal) => ({ exit: 128 + signal }),
};
