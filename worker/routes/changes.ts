import { changesProtocol } from "../../durable-objects/edge-request.ts";
import { EdgeError } from "../errors.ts";
import type { Call, Row } from "../route.ts";
import { askObject } from "../ask-object.ts";
import { refuseForeignSocket } from "../streams/foreign-socket.ts";
import { asksForSocket, subprotocolsOf } from "../streams/stream-messages.ts";

/** What changes in a sandbox, told to its pages on a socket that lets it sleep. */

export const changesRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/sandboxes/:id/changes",
    who: "read",
    scope: "sandboxes:read",
    title: "Follow on a WebSocket what changes, by name",
    answers: {
      101: {
        text: "Text messages are JSON: {revision, time: {now, speed}} at first, then {revision, changes: [{resource, namespace?, name?, revision, deleted?}]}, {revision, everything: true}, and time where that changes; of what may be listed alone. Nothing is heard",
      },
      426: { text: "It is no WebSocket" },
    },
    handle: followChanges,
  },
];

async function followChanges(call: Call): Promise<Response> {
  const { env, request } = call;
  refuseForeignSocket(request, env);
  if (!asksForSocket(request.headers)) {
    throw new EdgeError(426, "changes are told on a WebSocket: ask for an upgrade");
  }
  const headers = new Headers({ upgrade: "websocket" });
  if (subprotocolsOf(request.headers).includes(changesProtocol))
    headers.set("sec-websocket-protocol", changesProtocol);
  return askObject(call, { changes: true }, { headers });
}
