/** Datagrams of either nc: each piece of input is one, and what comes back is printed. */
import { datagram } from "../../net/socket.ts";
import { receiveDatagram, replyTo } from "../../net/datagrams.ts";
import { Errno } from "../../errno.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Sys } from "../../kernel/types.ts";
import { launch } from "../children.ts";

export interface UdpTalk {
  ip?: string;
  /** Own port. */
  from: number;
  /** What came and is not printed yet. */
  down: string;
}

/** Sends a datagram and takes what comes back; a step until that is known. */
export function tell(
  sys: Sys,
  state: UdpTalk,
  port: number,
  bytes: string,
): "sent" | "refused" | Step {
  const result = datagram(sys, { ip: state.ip as string, port, from: state.from, bytes });
  if (!result.done)
    return result.silent
      ? "sent"
      : { wait: { untilMs: Math.max(result.dueAtMs ?? 0, sys.now + 1) } };
  if ("error" in result) return result.error === "refused" ? "refused" : "sent";
  state.down += result.result;
  return "sent";
}

/** A listener of datagrams: who spoke first is whom it speaks with, since it connects its socket to that. */
export interface UdpListen {
  listen?: number;
  listener?: number;
  /** `ip:port` of who spoke first. */
  peer?: string;
  /** Speaks with everybody, and answers nobody. */
  open?: boolean;
  /** A program that answers, and the pipes to and from it. */
  exec?: string[];
  child?: { pid: number; to: number; from: number };
  up: string;
  down: string;
  used: number;
  inEnded?: true;
}

/** How either program says it. */
export interface ListenWords {
  fail(text: string): never;
  /** It has the port; somebody speaks. */
  bound?: string;
  greeted?: (from: string) => string;
  /** It ends when nothing was said for so long. */
  limitMs?: number;
}

/** One who listens: reads what comes, prints it (or gives it to its program), and sends what it reads itself. */
export function hear(sys: Sys, state: UdpListen, words: ListenWords): Step {
  const listener = bind(sys, state, words);
  if (state.down === "") take(sys, state, words);
  const out = state.child?.to ?? 1;
  if (state.down !== "") {
    state.down = state.down.slice(sys.write(out, state.down));
    return state.down === "" ? undefined : { wait: { writable: [out] } };
  }
  const reads = [listener];
  // Nothing can be sent before somebody has spoken.
  if (state.peer !== undefined) {
    const source = state.child?.from ?? 0;
    const data = state.inEnded ? undefined : sys.read(source);
    if (data === "") state.inEnded = true;
    else if (data !== undefined) {
      replyTo(sys, listener, state.peer, data);
      state.used = sys.now;
      return undefined;
    }
    if (!state.inEnded) reads.push(source);
    else if (state.child) return { exit: 0 };
  }
  const t = state.peer === undefined ? Infinity : state.used + (words.limitMs ?? Infinity);
  if (sys.now >= t) return { exit: 0 };
  return { wait: { readable: reads, ...(t === Infinity ? {} : { untilMs: t }) } };
}

function take(sys: Sys, state: UdpListen, words: ListenWords): void {
  const got = receiveDatagram(sys, state.listener as number);
  if (!got) return;
  if (state.peer === undefined && !state.open) {
    state.peer = got.from;
    if (words.greeted) sys.complain(words.greeted(got.from));
    if (state.exec) begin(sys, state);
  }
  if (!state.open && got.from !== state.peer) return;
  state.down = got.bytes;
  state.used = sys.now;
}

function begin(sys: Sys, state: UdpListen): void {
  const [childIn, to] = sys.pipe();
  const [from, childOut] = sys.pipe();
  const pid = launch(
    sys,
    state.exec as string[],
    (command, why) => `nc: can't execute '${command}': ${why}\n`,
    (child) => {
      child.dup(childIn, 0);
      child.dup(childOut, 1);
      for (const fd of [childIn, to, from, childOut]) child.close(fd);
    },
  );
  sys.close(childIn);
  sys.close(childOut);
  state.child = { pid, to, from };
}

function bind(sys: Sys, state: UdpListen, words: ListenWords): number {
  if (state.listener !== undefined) return state.listener;
  try {
    state.listener = sys.listen(state.listen as number, "u");
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return words.fail(error.message);
  }
  if (words.bound) sys.complain(words.bound);
  return state.listener;
}
