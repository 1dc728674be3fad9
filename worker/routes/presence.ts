import * as v from "valibot";
import { writeEdge } from "../../durable-objects/edge-request.ts";
import type { Present } from "../../durable-objects/presence.ts";
import { EdgeError } from "../errors.ts";
import type { Call, Row } from "../route.ts";
import { timestamp } from "../schemas.ts";
import { bridge } from "../streams/stream.ts";

/** Who is in a sandbox: its object knows, and need not start its cluster to tell. */

const presence = v.object({
  present: v.array(
    v.object({
      name: v.string(),
      role: v.string(),
      clients: v.array(v.string()),
      since: timestamp,
      open: v.boolean(),
      pages: v.number(),
      seenAt: v.optional(timestamp),
      you: v.boolean(),
    }),
  ),
});

export const presenceRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/sandboxes/:id/presence",
    who: "read",
    scope: "sandboxes:read",
    title: "Read who is here, since when, and by what",
    query: { follow: "true: a stream of lines, the whole list at first and after each change" },
    answers: {
      200: {
        text: "Whoever has something open, or asked for something in the last five minutes (`seenAt`)",
        schema: presence,
      },
    },
    handle: readPresence,
  },
];

const address = "https://sandbox/presence";

async function readPresence(call: Call): Promise<Response> {
  const { access, env, request } = call;
  const said = call.c.req.query("follow");
  const follow = said !== undefined && said !== "false";
  const client = new Headers({ accept: "application/json" });
  const agent = request.headers.get("user-agent");
  if (agent !== null) client.set("user-agent", agent);
  const edge = { ...call.edge, presence: { follow } };
  const stub = env.SANDBOX.getByName(access.sandbox.id);
  if (follow) return bridge(stub, address, client, edge, request.signal);
  const answer = await stub.fetch(address, { headers: writeEdge(client, edge) });
  if (answer.status === 401) throw new EdgeError(401, "this access has ended");
  if (!answer.ok) throw new EdgeError(410, "this sandbox has expired or was deleted");
  return call.json((await answer.json()) as { present: Present[] });
}
