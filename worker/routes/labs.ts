import * as v from "valibot";
import { findLab, insertLab, labById, labsOf, type FoundLab, type Lab } from "../db/scenarios.ts";
import { EdgeError } from "../errors.ts";
import { nodesDefault } from "../limits.ts";
import type { Opened } from "../scenarios/open-scenarios.ts";
import { verifyHuman } from "../human.ts";
import { refuseForeignHosts, refuseForeignPages } from "../foreign-pages.ts";
import { paged, type Call, type Row } from "../route.ts";
import { iso, timestamp } from "../schemas.ts";
import { newId } from "../secrets.ts";
import { originOfScenario } from "../sandbox-sources.ts";
import { described, description, makeFor, summarised, summary, unmake } from "./sandboxes.ts";
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

const lab = v.object({ ...labShape, sandbox: summary });

const list = v.object({
  labs: v.array(lab),
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
    makes: "/api/me/labs/:made",
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
  {
    method: "GET",
    path: "/api/me/labs/:lab",
    who: "person",
    scope: "sandboxes:read",
    title: "Read one of your labs",
    answers: { 200: { text: "As long as it lives", schema: lab } },
    handle: readLab,
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
  const another = body.new === true;
  const had = another ? undefined : await labOf(call, opened);
  if (had) return call.json({ ...shown(had, call.origin), again: true });
  await verifyHuman(request, env, principal);
  const { made: counted, ...origin } = await originOfScenario(env, opened);
  const { sandbox, secret } = await makeFor(
    call,
    {
      name: "podyard",
      nodes: nodesDefault,
      seed: undefined,
      ...origin.birth,
      title: opened.title,
      origin,
    },
    { lab: true },
  );
  const row: Lab = {
    id: newId(),
    userId: call.person!.id,
    scenarioId: opened.id,
    version: opened.version.version,
    sandboxId: sandbox.id,
    progress: "{}",
    createdAt: call.now,
  };
  const other = await claim(call, row, another ? undefined : sinceOf(opened));
  if (other) return call.json({ ...shown(other, call.origin), again: true });
  if (counted) call.later(counted());
  const answer = shown({ lab: row, sandbox }, call.origin);
  const reached = described(env, sandbox, "owner", secret, call.origin);
  return call.json({ ...answer, sandbox: reached, again: false }, 201);
}

/** From which moment on a lab is of this version; a draft counts as another one whenever it is saved. */
const sinceOf = ({ version }: Opened): number => (version.published ? 0 : (version.createdAt ?? 0));

async function labOf(call: Call, opened: Opened): Promise<FoundLab | undefined> {
  if (!call.person) return undefined;
  const { id, version } = opened;
  const of = { userId: call.person.id, scenarioId: id, version: version.version };
  return findLab(call.env.DB, of, sinceOf(opened), call.now);
}

/**
 * Writes the lab down, unless the person has one made since then (undefined: whichever they have): another request of theirs was
 * faster. Then its sandbox is taken back, and theirs is the answer.
 */
async function claim(
  { env, now }: Call,
  lab: Lab,
  since: number | undefined,
): Promise<FoundLab | undefined> {
  let made = false;
  try {
    made = await insertLab(env.DB, lab, since, now);
  } finally {
    if (!made) await unmake(env, lab.sandboxId);
  }
  if (made) return undefined;
  const other = await findLab(env.DB, lab, since ?? 0, now);
  if (!other)
    throw new EdgeError(409, "your other request made this lab, and it has ended; repeat");
  return other;
}

async function readLab(call: Call): Promise<Response> {
  const found = await labById(call.env.DB, call.person!.id, call.param("lab"), call.now);
  if (!found) throw new EdgeError(404, "you have no such lab");
  return call.json(shown(found, call.origin));
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
