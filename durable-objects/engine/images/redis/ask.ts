/** One conversation with a redis: the hosts a service may have, commands, and the replies or what went wrong. */
import type { Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { command, parseReply, type Reply } from "./protocol.ts";
import {
  dial,
  hangUp,
  receive,
  send,
  waitFor,
  type DialError,
  type Socket,
} from "../serving/sockets.ts";

export interface RedisAsk {
  /** Names to try until one resolves: manifests of different years name the same Service differently. */
  hosts: string[];
  commands: string[][];
  s?: Socket;
  b?: string;
  replies?: Reply[];
  error?: DialError;
  /** Gives up then, virtual ms. */
  late?: number;
}

const patienceMs = 5_000;

/** Pushes it on; returns what to wait for, or undefined when it is over. */
export function pushOn(sys: Sys, ask: RedisAsk): Wait | undefined {
  if (ask.replies || ask.error) return undefined;
  ask.late ??= sys.now + patienceMs;
  if (!ask.s) {
    const wait = open(sys, ask);
    if (wait || ask.error) return wait;
  }
  const socket = ask.s as Socket;
  for (;;) {
    const data = receive(sys, socket);
    if (data === "") return fail(sys, ask, "reset");
    if (data === undefined) break;
    ask.b = (ask.b ?? "") + data;
  }
  const replies: Reply[] = [];
  let at = 0;
  while (replies.length < ask.commands.length) {
    const parsed = parseReply(ask.b ?? "", at);
    if (parsed === "more") {
      if (sys.now >= ask.late) return fail(sys, ask, "timeout");
      return { ...waitFor(socket), untilMs: ask.late };
    }
    replies.push(parsed.reply);
    at = parsed.used;
  }
  hangUp(sys, socket);
  ask.replies = replies;
  delete ask.s;
  delete ask.b;
  return undefined;
}

function fail(sys: Sys, ask: RedisAsk, error: DialError): undefined {
  if (ask.s) hangUp(sys, ask.s);
  delete ask.s;
  delete ask.b;
  ask.error = error;
  return undefined;
}

function open(sys: Sys, ask: RedisAsk): Wait | undefined {
  for (const host of ask.hosts) {
    const dialled = dial(sys, host, 6379);
    if ("dueAtMs" in dialled) {
      if (sys.now >= (ask.late ?? 0)) return fail(sys, ask, "timeout");
      return { untilMs: Math.min(Math.max(dialled.dueAtMs, sys.now + 1), ask.late ?? Infinity) };
    }
    if ("socket" in dialled) {
      ask.s = dialled.socket;
      send(sys, ask.s, ask.commands.map(command).join(""));
      return undefined;
    }
    if (dialled.error !== "name") return fail(sys, ask, dialled.error);
  }
  return fail(sys, ask, "name");
}
