/** One conversation with a redis: the hosts a service may have, commands, and the replies or what went wrong. */
import type { Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import type { NamesOf } from "../../core/record-codec.ts";
import { command, parseReply, replyNames, type Reply } from "./protocol.ts";
import {
  dial,
  hangUp,
  receive,
  send,
  socketNames,
  waitFor,
  type DialError,
  type Socket,
} from "../serving/sockets.ts";

export interface RedisAsk {
  /** Names to try until one resolves: manifests of different years name the same Service differently. */
  hosts: string[];
  commands: string[][];
  socket?: Socket;
  /** Bytes that came, up to a whole reply to each command. */
  unread?: string;
  replies?: Reply[];
  error?: DialError;
  /** Gives up then, virtual ms. */
  late?: number;
}

/** Names on disk. */
export const redisAskNames: NamesOf<RedisAsk> = {
  fields: { socket: "s", unread: "b" },
  inside: { socket: socketNames, replies: { each: replyNames } },
};

const patienceMs = 5_000;

/** Pushes it on; returns what to wait for, or undefined when it is over. */
export function pushOn(sys: Sys, ask: RedisAsk): Wait | undefined {
  if (ask.replies || ask.error) return undefined;
  ask.late ??= sys.now + patienceMs;
  if (!ask.socket) {
    const wait = open(sys, ask);
    if (wait || ask.error) return wait;
  }
  const socket = ask.socket as Socket;
  for (;;) {
    const data = receive(sys, socket);
    if (data === "") return fail(sys, ask, "reset");
    if (data === undefined) break;
    ask.unread = (ask.unread ?? "") + data;
  }
  const replies: Reply[] = [];
  let at = 0;
  while (replies.length < ask.commands.length) {
    const parsed = parseReply(ask.unread ?? "", at);
    if (parsed === "more") {
      if (sys.now >= ask.late) return fail(sys, ask, "timeout");
      return { ...waitFor(socket), untilMs: ask.late };
    }
    replies.push(parsed.reply);
    at = parsed.used;
  }
  hangUp(sys, socket);
  ask.replies = replies;
  delete ask.socket;
  delete ask.unread;
  return undefined;
}

function fail(sys: Sys, ask: RedisAsk, error: DialError): undefined {
  if (ask.socket) hangUp(sys, ask.socket);
  delete ask.socket;
  delete ask.unread;
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
      ask.socket = dialled.socket;
      send(sys, ask.socket, ask.commands.map(command).join(""));
      return undefined;
    }
    if (dialled.error !== "name") return fail(sys, ask, dialled.error);
  }
  return fail(sys, ask, "name");
}
