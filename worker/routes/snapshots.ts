import * as v from "valibot";
import type { Counts } from "../../durable-objects/engine/snapshots/counts.ts";
import type { OpenedArtefact } from "../../durable-objects/engine/snapshots/artefact.ts";
import { freeArtefact, putArtefact, type Artefact } from "../snapshots/artefacts.ts";
import {
  insertSnapshot,
  removeSnapshot,
  renameSnapshot,
  snapshotsOf,
  usedRoom,
  withdrawSnapshot,
  type Room,
  type Snapshot,
} from "../db/snapshots.ts";
import type { Env } from "../env.ts";
import { EdgeError } from "../errors.ts";
import { artefactBytesMax, limitsOf } from "../limits.ts";
import { forgetSnapshot, snapshotBy } from "../snapshots/open-snapshots.ts";
import { accessTo } from "../principal.ts";
import { mayDo } from "../roles.ts";
import { paged, readWhole, type Call, type Row } from "../route.ts";
import { iso, past, revision, timestamp, title } from "../schemas.ts";
import { hashOf, newId } from "../secrets.ts";
import { momentOf } from "../snapshots/object-answers.ts";

const taking = v.strictObject({
  at: v.optional(revision("at")),
  title: v.optional(title),
  secrets: v.optional(v.boolean("secrets must be true or false")),
  past: v.optional(past),
});

const change = v.strictObject({ title });

/** What whoever has its id is told of a snapshot. */
export const snapshotShape = v.object({
  id: v.string(),
  title: v.string(),
  url: v.string(),
  sha256: v.string(),
  revision: v.number(),
  virtualTime: timestamp,
  bytes: v.number(),
  nodes: v.number(),
  pods: v.number(),
  secretsLeftOut: v.boolean(),
  forks: v.number(),
  createdAt: timestamp,
  apiServer: v.string(),
  artefact: v.string(),
  thumbnail: v.string(),
});

const list = v.object({ snapshots: v.array(snapshotShape), nextCursor: v.optional(v.string()) });

export const snapshotRoutes: Row[] = [
  {
    method: "POST",
    path: "/api/sandboxes/:id/snapshots",
    who: "snapshot",
    scope: "snapshots:write",
    title: "Take a snapshot of a sandbox, as it is or as it was at a revision",
    body: taking,
    makes: "/api/snapshots/:made",
    answers: { 201: { text: "Whoever has its address may open it", schema: snapshotShape } },
    handle: (call) => takeSnapshot(call as Call<v.InferOutput<typeof taking>>),
  },
  {
    method: "POST",
    path: "/api/snapshots",
    who: "person",
    scope: "snapshots:write",
    title: "Upload a snapshot's artefact, of this deployment or another",
    raw: { type: "application/octet-stream", bytesMax: artefactBytesMax },
    query: { title: "What people call it" },
    answers: { 201: { text: "It can be opened", schema: snapshotShape } },
    handle: uploadSnapshot,
  },
  {
    method: "GET",
    path: "/api/snapshots",
    who: "person",
    scope: "snapshots:read",
    title: "List your snapshots",
    query: { limit: "How many at most", cursor: "Where the list goes on" },
    answers: { 200: { text: "Newest first", schema: list } },
    handle: listSnapshots,
  },
  {
    method: "GET",
    path: "/api/snapshots/:id",
    who: "anyone",
    title: "Read what a snapshot is",
    answers: { 200: { text: "Told to whoever has its id", schema: snapshotShape } },
    handle: async (call) => call.json(shown(await snapshotBy(call.env, call.param("id")), call)),
  },
  {
    method: "PATCH",
    path: "/api/snapshots/:id",
    // Its owner, or who may manage the sandbox that it is of.
    who: "anyone",
    scope: "snapshots:write",
    title: "Rename a snapshot",
    body: change,
    answers: { 200: { text: "It is called so", schema: snapshotShape } },
    handle: (call) => rename(call as Call<v.InferOutput<typeof change>>),
  },
  {
    method: "DELETE",
    path: "/api/snapshots/:id",
    // As above.
    who: "anyone",
    scope: "snapshots:write",
    title: "Withdraw a snapshot",
    answers: { 204: { text: "Nobody opens it any more; what was forked of it lives on" } },
    handle: withdraw,
  },
];

async function takeSnapshot(call: Call<v.InferOutput<typeof taking>>): Promise<Response> {
  const { access, body } = call;
  const { sandbox } = access;
  const { at, secrets, past, title = "" } = body;
  const ownerId = call.person?.id ?? access.key?.userId ?? sandbox.ownerId;
  await mustHaveRoom(call.env, { ownerId, sandboxId: sandbox.id });
  const moment = await momentOf(call.env, access, { at, past, secrets: secrets !== false });
  const { name, nodes, seed } = sandbox;
  const row = await keep(
    call,
    { bytes: moment.bytes, birth: { name, nodes, seed } },
    {
      ...moment,
      title: title || sandbox.title,
      secretsLeftOut: secrets === false,
      ownerId,
      sandboxId: sandbox.id,
    },
  );
  call.audit("snapshot taken", row.id);
  return call.json(shown(row, call), 201);
}

async function uploadSnapshot(call: Call): Promise<Response> {
  const said = call.c.req.query("title") ?? "";
  const parsed = said === "" ? { success: true, output: "" } : v.safeParse(title, said);
  if (!parsed.success) throw new EdgeError(400, "title must be one line of text", "title");
  const whose = { ownerId: call.person!.id, sandboxId: null };
  await mustHaveRoom(call.env, whose);
  const bytes = await readWhole(call.request, artefactBytesMax);
  const { birth, counts, revision, virtualMs } = await judged(call.env, bytes);
  const row = await keep(
    call,
    { bytes, birth },
    {
      sha256: await hashOf(bytes),
      revision,
      virtualMs,
      counts,
      title: parsed.output as string,
      secretsLeftOut: false,
      ...whose,
    },
  );
  call.audit("snapshot uploaded", row.id);
  return call.json(shown(row, call), 201);
}

/** What is in bytes from anywhere; throws 422 where they are no artefact that opens here. */
async function judged(env: Env, bytes: Uint8Array) {
  const engine = await import("../with-engine.ts");
  const refuse = (reason: string): EdgeError => new EdgeError(422, reason);
  const opened = engine.openArtefact(bytes);
  if ("reason" in opened) throw refuse(opened.reason);
  const { snapshot } = opened;
  if (!stands(snapshot, engine)) throw refuse("the snapshot is not sound: it does not open");
  const { name, nodes, seed } = snapshot.birth;
  const counts = engine.countsOf(snapshot);
  const { nodesMax } = limitsOf(env);
  // The control-plane node comes on top.
  if (Math.max(nodes, counts.nodes - 1) > nodesMax) {
    throw refuse(`the snapshot has more than ${nodesMax} nodes (SANDBOX_NODES_MAX)`);
  }
  const { revision, clock } = snapshot;
  return { birth: { name, nodes, seed }, counts, revision, virtualMs: Math.round(clock.nowMs) };
}

/** What passes every check and does not open all the same is refused too. */
function stands(
  snapshot: OpenedArtefact["snapshot"],
  { ReadOnlyCluster }: typeof import("../with-engine.ts"),
): boolean {
  try {
    return new ReadOnlyCluster(snapshot).revision === snapshot.revision;
  } catch (error) {
    console.error({ event: "an artefact did not open", error: String(error) });
    return false;
  }
}

type Facts = Pick<
  Snapshot,
  "sha256" | "revision" | "virtualMs" | "title" | "secretsLeftOut" | "ownerId" | "sandboxId"
> & { counts: Counts };

/** The row first: bytes that no row names may be freed at any moment. */
async function keep({ env, now }: Call, artefact: Artefact, facts: Facts): Promise<Snapshot> {
  const { counts, sha256, ownerId, sandboxId } = facts;
  const row: Snapshot = {
    id: newId(),
    sha256,
    ownerId,
    sandboxId,
    title: facts.title,
    revision: facts.revision,
    virtualMs: facts.virtualMs,
    bytes: artefact.bytes.length,
    nodes: counts.nodes,
    pods: counts.pods,
    secretsLeftOut: facts.secretsLeftOut,
    forks: 0,
    createdAt: now,
    withdrawnAt: null,
  };
  if (!(await insertSnapshot(env.DB, row, roomOf(env)))) {
    throw noRoom(env, await usedRoom(env.DB, row));
  }
  try {
    await putArtefact(env, sha256, artefact);
  } catch (error) {
    await removeSnapshot(env.DB, row.id);
    throw error;
  }
  return row;
}

function roomOf(env: Env): Room {
  const { snapshotsPerPersonMax: count, snapshotBytesPerPersonMax: bytes } = limitsOf(env);
  return { count, bytes };
}

/** Before the work: throws 409 where nothing could be kept. */
async function mustHaveRoom(
  env: Env,
  whose: Pick<Snapshot, "ownerId" | "sandboxId">,
): Promise<void> {
  const [used, room] = [await usedRoom(env.DB, whose), roomOf(env)];
  if (used.count >= room.count || used.bytes >= room.bytes) throw noRoom(env, used);
}

function noRoom(env: Env, used: Room): EdgeError {
  const room = roomOf(env);
  const limit =
    used.count >= room.count
      ? `${room.count} snapshots (SNAPSHOTS_PER_PERSON_MAX)`
      : `${room.bytes} bytes of snapshots (SNAPSHOT_BYTES_PER_PERSON_MAX), of which ${used.bytes} are used`;
  return new EdgeError(409, `the limit is ${limit}; it does not reset: withdraw one`);
}

async function listSnapshots(call: Call): Promise<Response> {
  const page = call.page();
  const found = await snapshotsOf(call.env.DB, call.person!.id, page);
  return call.json(
    paged(
      "snapshots",
      found,
      page,
      (row) => row,
      (row) => shown(row, call),
    ),
  );
}

async function rename(call: Call<v.InferOutput<typeof change>>): Promise<Response> {
  const row = await own(call);
  await renameSnapshot(call.env.DB, row.id, call.body.title);
  forgetSnapshot(row.id);
  return call.json(shown({ ...row, title: call.body.title }, call));
}

async function withdraw(call: Call): Promise<Response> {
  const row = await own(call);
  await withdrawSnapshot(call.env.DB, row.id, call.now);
  forgetSnapshot(row.id);
  call.audit("snapshot withdrawn", row.id);
  call.later(freeArtefact(call.env, row.sha256));
  return call.nothing();
}

/** The snapshot that is meant; throws 401 and 403 for all but its owner and who may manage the sandbox that it is of. */
async function own(call: Call): Promise<Snapshot> {
  const { principal, person, env } = call;
  if (principal.by === "nobody") {
    throw new EdgeError(
      401,
      "sign in, or send an API token or the sandbox's key as a bearer token",
    );
  }
  const row = await snapshotBy(env, call.param("id"));
  if (person && row.ownerId === person.id) return row;
  if (row.sandboxId !== null && (await manages(call, row.sandboxId))) return row;
  throw new EdgeError(403, "only who took a snapshot, or owns its sandbox, may do this");
}

async function manages({ principal, env, now }: Call, sandboxId: string): Promise<boolean> {
  try {
    return mayDo((await accessTo(principal, env, sandboxId, now)).role, "manage");
  } catch (error) {
    if (error instanceof EdgeError) return false;
    throw error;
  }
}

function shown(row: Snapshot, { origin }: Call): v.InferOutput<typeof snapshotShape> {
  const at = `${origin}/api/snapshots/${row.id}`;
  return {
    id: row.id,
    title: row.title,
    url: `${origin}/x/${row.id}`,
    sha256: row.sha256,
    revision: row.revision,
    virtualTime: iso(row.virtualMs),
    bytes: row.bytes,
    nodes: row.nodes,
    pods: row.pods,
    secretsLeftOut: row.secretsLeftOut,
    forks: row.forks,
    createdAt: iso(row.createdAt),
    apiServer: `${at}/kube`,
    artefact: `${at}/artefact`,
    thumbnail: `${at}/thumbnail.svg`,
  };
}
