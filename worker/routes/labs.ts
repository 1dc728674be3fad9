import * as v from "valibot";
import { findLab, insertLab, labsOf, type FoundLab, type Lab } from "../db/scenarios.ts";
import { EdgeError } from "../errors.ts";
import { verifyHuman } from "../human.ts";
import { nodesDefault } from "../limits.ts";
import type { Opened } from "../scenarios/open-scenarios.ts";
import { refuseForeignHosts, refuseForeignPages } from "../origins.ts";
import { paged, type Call, type Row } from "../route.ts";
import { iso, timestamp } from "../schemas.ts";
import { newId } from "../secrets.ts";
import { originOfScenario } from "../sources.ts";
import { described, description, endSandbox, makeFor, summarised, summary } from "./sandboxes.ts";
import { seen } from "./scenarios.ts";

const starting = v.strictObject({
  new: v.optional(v.boolean("new must be true or false")),
});

const labShape = {
  id: v.string(),
  scenario: v.object({ id: v.string(), version: v.number() }),
  createdAt: timestamp,
};

const started = v.object({
  ...labShape,
  /** It was there already. */
  again: v.boolean(),
  /** How to reach its API only where it was made now: whose it is makes keys. */
  sandbox: v.union([description, summary]),
});

const list = v.object({
  labs: v.array(v.object({ ...labShape, sandbox: summary })),
  nextCursor: v.optional(v.string()),
});

export const labRoutes: Row[] = [
  {
    method: "POST",
    path: "/api/scenarios/:id/start",
    who: "anyone",
    scope: "sandboxes:write",
    title: "Make your lab of a scenario, or find the one that you have of this version",
    body: starting,
    answers: {
      200: { text: "The one that you have (`again`)", schema: started },
      201: { text: "It runs, and is yours", schema: started },
    },
    handle: (call) => start(call as Call<v.InferOutput<typeof starting>>),
  },
  {
    method: "GET",
    path: "/api/me/labs",
    who: "person",
    scope: "sandboxes:read",
    title: "List your labs that live",
    query: { limit: "How many at most", cursor: "Where the list goes on" },
    answers: { 200: { text: "Newest first", schema: list } },
    handle: listLabs,
  },
];

async function start(call: Call<v.InferOutput<typeof starting>>): Promise<Response> {
  const { env, request, body, principal } = call;
  refuseForeignHosts(request, env);
  refuseForeignPages(request, env);
  if (principal.by === "key") {
    throw new EdgeError(403, "a lab is a person's: a sandbox's key starts none; come without it");
  }
  const opened = await seen(call);
  const had = body.new === true ? undefined : await labOf(call, opened);
  if (had) return call.json({ ...shown(had, call.origin), again: true });
  await verifyHuman(request, env, principal);
  const origin = await originOfScenario(env, opened);
  const { sandbox, secret } = await makeFor(call, async () => ({
    name: "podyard",
    nodes: nodesDefault,
    seed: undefined,
    ...origin.birth,
    title: opened.title,
    origin,
  }));
  const lab: Lab = {
    id: newId(),
    userId: call.person!.id,
    scenarioId: opened.id,
    version: opened.version.version,
    sandboxId: sandbox.id,
    progress: "{}",
    createdAt: call.now,
  };
  try {
    const unlessSince = body.new === true ? undefined : sinceOf(opened);
    if (!(await insertLab(env.DB, lab, unlessSince, call.now)))
      return await other(call, opened, sandbox.id);
  } catch (error) {
    await endSandbox(env, sandbox.id, call.now);
    throw error;
  }
  const answer = shown({ lab, sandbox }, call.origin);
  const reached = described(env, sandbox, "owner", secret, call.origin);
  return call.json({ ...answer, sandbox: reached, again: false }, 201);
}

/** Another request made theirs first, while this one was about it. */
async function other(call: Call, opened: Opened, sandboxId: string): Promise<Response> {
  const had = await labOf(call, opened);
  if (!had) throw new EdgeError(409, "it was deleted as it was made; start it again");
  await endSandbox(call.env, sandboxId, call.now);
  return call.json({ ...shown(had, call.origin), again: true });
}

/** A draft counts as another one whenever it is saved. */
const sinceOf = ({ version }: Opened): number => (version.published ? 0 : (version.createdAt ?? 0));

/** Of this version. */
async function labOf(call: Call, opened: Opened): Promise<FoundLab | undefined> {
  if (!call.person) return undefined;
  const { id, version } = opened;
  const of = { userId: call.person.id, scenarioId: id, version: version.version };
  return findLab(call.env.DB, of, sinceOf(opened), call.now);
}

async function listLabs(call: Call): Promise<Response> {
  const page = call.page();
  const found = await labsOf(call.env.DB, call.person!.id, call.now, page);
  const show = (one: FoundLab) => shown(one, call.origin);
  return call.json(paged("labs", found, page, ({ lab }) => lab, show));
}

const shown = ({ lab, sandbox }: FoundLab, origin: string) => ({
  id: lab.id,
  scenario: { id: lab.scenarioId, version: lab.version },
  createdAt: iso(lab.createdAt),
  sandbox: summarised(sandbox, "owner", origin),
});
