/** A replica's link to its master: connect, take the whole data, then every write that follows. */
import type { Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { command, parseCommand } from "./protocol.ts";
import { execute } from "./execute.ts";
import { say } from "./log.ts";
import type { Link, RedisState } from "./state.ts";
import { databasesOf } from "./store.ts";
import { dial, dialErrorText, hangUp, receive, send, waitFor } from "../serving/sockets.ts";

/** redis tries every second; after the first tries, ten seconds apart: a master that is away for long costs less. */
const retryMs = (tries: number): number => (tries < 10 ? 1000 : 10_000);

function again(sys: Sys, link: Link, why: string): void {
  if (link.socket) hangUp(sys, link.socket);
  delete link.socket;
  delete link.unread;
  delete link.up;
  link.tries = (link.tries ?? 0) + 1;
  link.nextTryMs = sys.now + retryMs(link.tries);
  if (link.tries <= 10) say(sys, "#", why, "S");
}

function connect(sys: Sys, link: Link): Wait | undefined {
  if (link.nextTryMs !== undefined && sys.now < link.nextTryMs) return { untilMs: link.nextTryMs };
  if (!link.tries || link.tries <= 10)
    say(sys, "*", `Connecting to MASTER ${link.host}:${link.port}`, "S");
  const dialled = dial(sys, link.host, link.port);
  if ("dueAtMs" in dialled) return { untilMs: Math.max(dialled.dueAtMs, sys.now + 1) };
  if ("error" in dialled) {
    again(
      sys,
      link,
      dialled.error === "name"
        ? `Unable to connect to MASTER: ${dialErrorText.name}`
        : `Error condition on socket for SYNC: ${dialErrorText[dialled.error]}`,
    );
    return { untilMs: link.nextTryMs ?? sys.now + 1000 };
  }
  link.socket = dialled.socket;
  delete link.nextTryMs;
  say(sys, "*", "MASTER <-> REPLICA sync started", "S");
  send(
    sys,
    link.socket,
    command(["REPLCONF", "listening-port", "6379"]) + command(["PSYNC", "?", "-1"]),
  );
  return undefined;
}

/** Takes the answers to REPLCONF and PSYNC and the snapshot off the buffer; false: they are not all there. */
function takeSnapshot(sys: Sys, state: RedisState, link: Link): boolean {
  const match = /^(?:[+-][^\r]*\r\n)*?\+FULLRESYNC [^\r]*\r\n\$(\d+)\r\n/.exec(link.unread ?? "");
  if (!match || !link.unread) return false;
  const end = match[0].length + Number(match[1]);
  if (link.unread.length < end) return false;
  state.databases = databasesOf(link.unread.slice(match[0].length, end));
  link.unread = link.unread.slice(end);
  link.up = true;
  delete link.tries;
  say(sys, "*", "MASTER <-> REPLICA sync: Finished with success", "S");
  return true;
}

function applyWrites(sys: Sys, state: RedisState, link: Link): void {
  while (link.unread) {
    const parsed = parseCommand(link.unread);
    if (parsed === "more" || "error" in parsed) break;
    link.unread = link.unread.slice(parsed.used);
    execute(sys, state, link, parsed.words, true);
  }
  if (link.unread === "") delete link.unread;
}

/** One round; returns what to wait for. */
export function runLink(sys: Sys, state: RedisState): Wait {
  const { link } = state;
  if (!link) return {};
  if (!link.socket) {
    const wait = connect(sys, link);
    if (wait) return wait;
  }
  const socket = link.socket;
  if (!socket) return { untilMs: sys.now + 1000 };
  for (;;) {
    const data = receive(sys, socket);
    if (data === undefined) break;
    if (data === "") {
      again(
        sys,
        link,
        link.up
          ? "Connection with master lost."
          : "I/O error reading bulk count from MASTER: Success",
      );
      return { untilMs: link.nextTryMs ?? sys.now + 1000 };
    }
    link.unread = (link.unread ?? "") + data;
  }
  if (!link.up && link.unread?.startsWith("-NOAUTH")) {
    again(
      sys,
      link,
      "Master does not support PSYNC or is in error state (reply: -NOAUTH Authentication required.)",
    );
    return { untilMs: link.nextTryMs ?? sys.now + 1000 };
  }
  if (link.up || takeSnapshot(sys, state, link)) applyWrites(sys, state, link);
  return waitFor(socket);
}
