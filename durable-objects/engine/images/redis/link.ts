/** A replica's link to its master: connect, take the whole data, then every write that follows. */
import type { Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { command, parseCommand } from "./protocol.ts";
import { execute } from "./execute.ts";
import { say } from "./log.ts";
import type { Link, RedisState } from "./state.ts";
import type { Database } from "./store.ts";
import { dial, dialErrorText, hangUp, receive, send, waitFor } from "../serving/sockets.ts";

/** redis tries every second; after the first tries, ten seconds apart: a master that is away for long costs less. */
const retryMs = (tries: number): number => (tries < 10 ? 1000 : 10_000);

function again(sys: Sys, link: Link, why: string): void {
  if (link.s) hangUp(sys, link.s);
  delete link.s;
  delete link.b;
  delete link.up;
  link.n = (link.n ?? 0) + 1;
  link.t = sys.now + retryMs(link.n);
  if (link.n <= 10) say(sys, "#", why, "S");
}

function connect(sys: Sys, link: Link): Wait | undefined {
  if (link.t !== undefined && sys.now < link.t) return { untilMs: link.t };
  if (!link.n || link.n <= 10) say(sys, "*", `Connecting to MASTER ${link.host}:${link.port}`, "S");
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
    return { untilMs: link.t ?? sys.now + 1000 };
  }
  link.s = dialled.socket;
  delete link.t;
  say(sys, "*", "MASTER <-> REPLICA sync started", "S");
  send(
    sys,
    link.s,
    command(["REPLCONF", "listening-port", "6379"]) + command(["PSYNC", "?", "-1"]),
  );
  return undefined;
}

/** Takes the answers to REPLCONF and PSYNC and the snapshot off the buffer; false: they are not all there. */
function takeSnapshot(sys: Sys, state: RedisState, link: Link): boolean {
  const match = /^(?:[+-][^\r]*\r\n)*?\+FULLRESYNC [^\r]*\r\n\$(\d+)\r\n/.exec(link.b ?? "");
  if (!match || !link.b) return false;
  const end = match[0].length + Number(match[1]);
  if (link.b.length < end) return false;
  state.d = JSON.parse(link.b.slice(match[0].length, end)) as Record<string, Database>;
  link.b = link.b.slice(end);
  link.up = true;
  delete link.n;
  say(sys, "*", "MASTER <-> REPLICA sync: Finished with success", "S");
  return true;
}

function applyWrites(sys: Sys, state: RedisState, link: Link): void {
  while (link.b) {
    const parsed = parseCommand(link.b);
    if (parsed === "more" || "error" in parsed) break;
    link.b = link.b.slice(parsed.used);
    execute(sys, state, link, parsed.words, true);
  }
  if (link.b === "") delete link.b;
}

/** One round; returns what to wait for. */
export function runLink(sys: Sys, state: RedisState): Wait {
  const { link } = state;
  if (!link) return {};
  if (!link.s) {
    const wait = connect(sys, link);
    if (wait) return wait;
  }
  const socket = link.s;
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
      return { untilMs: link.t ?? sys.now + 1000 };
    }
    link.b = (link.b ?? "") + data;
  }
  if (!link.up && link.b?.startsWith("-NOAUTH")) {
    again(
      sys,
      link,
      "Master does not support PSYNC or is in error state (reply: -NOAUTH Authentication required.)",
    );
    return { untilMs: link.t ?? sys.now + 1000 };
  }
  if (link.up || takeSnapshot(sys, state, link)) applyWrites(sys, state, link);
  return waitFor(socket);
}
