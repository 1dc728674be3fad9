import * as v from "valibot";
import { writeEdge } from "../../durable-objects/edge-request.ts";
import { EdgeError } from "../errors.ts";
import { timelineRowsMax } from "../../durable-objects/engine/core/limits.ts";
import { requestBodyBytesMax } from "../limits.ts";
import { unlessRefused } from "../snapshots/object-answers.ts";
import { readWhole, type Call, type Row } from "../route.ts";
import { revision } from "../schemas.ts";
import { staticReply } from "../static-reply.ts";
import { bridge } from "../streams/stream.ts";
import { forwardedHeaders } from "./kube.ts";
import { used } from "./sandboxes.ts";

const row = v.object({
  revision: v.number(),
  at: v.string(),
  by: v.object({ kind: v.string(), name: v.string() }),
  undoes: v.optional(v.number()),
  verb: v.string(),
  resource: v.string(),
  namespace: v.string(),
  name: v.string(),
  text: v.string(),
});

export const timelineShape = v.object({
  items: v.array(row),
  revision: v.number(),
  before: v.optional(v.number()),
  since: v.number(),
});

export const timelineQuery = {
  after: "The oldest rows after this revision",
  before: "The newest rows before this revision; without either: the newest",
  limit: "How many at most",
};

const undoing = v.strictObject({ to: revision("to") });

const undone = v.object({
  to: v.number(),
  revision: v.number(),
  created: v.number(),
  updated: v.number(),
  deleted: v.number(),
  left: v.array(v.string()),
});

export const pastRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/sandboxes/:id/timeline",
    who: "read",
    scope: "sandboxes:read",
    title: "Read who did what, when, to what",
    query: {
      ...timelineQuery,
      follow: "true: a stream of rows, one a line, after a revision or to come",
    },
    answers: { 200: { text: "Oldest first", schema: timelineShape } },
    handle: readTimeline,
  },
  {
    method: "GET",
    path: "/api/sandboxes/:id/at/:rev/*",
    who: "read",
    scope: "sandboxes:read",
    kube: true,
    title:
      "Ask the Kubernetes API as of a revision, which can only be read; an Explanation is asked for too",
    answers: {
      200: { text: "As the cluster would have answered, or a Status", schema: v.unknown() },
      405: { text: "The past can only be read", schema: v.unknown() },
      410: { text: "That is too long ago", schema: v.unknown() },
    },
    handle: askPast,
  },
  {
    method: "POST",
    path: "/api/sandboxes/:id/undo",
    who: "undo",
    scope: "sandboxes:write",
    title: "Take back what people did since a revision, as new revisions",
    body: undoing,
    answers: {
      200: {
        text: "What was written for it; to undo it, name the revision before",
        schema: undone,
      },
    },
    handle: (call) => undo(call as Call<v.InferOutput<typeof undoing>>),
  },
];

async function readTimeline(call: Call): Promise<Response> {
  call.later(used(call.env, call.access.sandbox, call.now));
  const { follow } = call.c.req.query();
  if (follow !== undefined && follow !== "false") return followTimeline(call);
  const stub = call.env.SANDBOX.getByName(call.access.sandbox.id);
  return call.json(
    unlessRefused(await stub.timeline(call.access.grant, timelineOptions(call)), "after"),
  );
}

/** What a page of a timeline is asked for by. */
export function timelineOptions(call: Call): { after?: number; before?: number; limit?: number } {
  const options = {
    after: call.number("after", 0, Number.MAX_SAFE_INTEGER),
    before: call.number("before", 1, Number.MAX_SAFE_INTEGER),
    limit: call.number("limit", 1, timelineRowsMax),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** By the way of watches, so that a quiet one lets the object sleep. */
function followTimeline(call: Call): Promise<Response> {
  const { after } = timelineOptions(call);
  const client = new Headers({ accept: "application/x-ndjson" });
  const edge = { ...call.edge, timeline: after === undefined ? {} : { after } };
  const stub = call.env.SANDBOX.getByName(call.access.sandbox.id);
  return bridge(stub, "https://sandbox/timeline?watch=true", client, edge, call.request.signal);
}

const below = /^\/api\/sandboxes\/[^/]+\/at\/[^/]+(\/.*)$/;

async function askPast(call: Call): Promise<Response> {
  const { request, env, access } = call;
  const said = call.param("rev");
  const at = /^[1-9]\d{0,15}$/.test(said) ? Number(said) : undefined;
  if (at === undefined) throw new EdgeError(400, "a revision is a whole number from 1");
  call.later(used(env, access.sandbox, call.now));
  const { pathname, search } = new URL(request.url);
  const path = below.exec(pathname)?.[1] ?? "/";
  const known = await staticReply(request, env, path, true);
  if (known) return known;
  const body = await readWhole(request, requestBodyBytesMax);
  return env.SANDBOX.getByName(access.sandbox.id).fetch(`https://sandbox${path}${search}`, {
    method: request.method,
    headers: writeEdge(withoutUpgrade(forwardedHeaders(request.headers)), { ...call.edge, at }),
    redirect: "manual",
    ...(body.length > 0 && { body }),
  });
}

/** Streams there are none of: what asks for one hears so in a plain answer. */
function withoutUpgrade(headers: Headers): Headers {
  headers.delete("upgrade");
  return headers;
}

async function undo(call: Call<v.InferOutput<typeof undoing>>): Promise<Response> {
  const { access, env, body } = call;
  const stub = env.SANDBOX.getByName(access.sandbox.id);
  const done = await stub.undo(access.grant, { to: body.to, by: access.user.name });
  return call.json(unlessRefused(done, "to"));
}
