import * as v from "valibot";
import {
  insertScenario,
  putDraft,
  publishVersion,
  usedScenarioRoom,
  type Version,
} from "../db/scenarios.ts";
import { findSnapshot } from "../db/snapshots.ts";
import { EdgeError } from "../errors.ts";
import {
  limitsOf,
  nodesDefault,
  scenarioBodyBytesMax,
  scenarioVersionsMax,
  scenarioZipBytesMax,
} from "../limits.ts";
import { openVersion } from "../scenarios/open-scenarios.ts";
import { readWhole, type Call, type Row } from "../route.ts";
import {
  filesOfZip,
  firstFiles,
  manifestText,
  readFiles,
  refuseFiles,
  scenarioFile,
  type About,
  type Files,
} from "../scenarios/scenario-files.ts";
import { title } from "../schemas.ts";
import { idShape, newId } from "../secrets.ts";
import { mayShow, own, scenarioShape, shown, visibility } from "./scenarios.ts";

const files = v.record(
  v.string(),
  v.string("files must be texts by their paths"),
  "files must be texts by their paths",
);
const creation = v.strictObject({
  title: v.optional(title),
  visibility: v.optional(visibility),
  files: v.optional(files),
  snapshot: v.optional(
    v.pipe(
      v.string("snapshot must be a snapshot's id"),
      v.regex(idShape, "snapshot must be a snapshot's id"),
    ),
  ),
});
const replacement = v.strictObject({ files });

export const scenarioDraftRoutes: Row[] = [
  {
    method: "POST",
    path: "/api/scenarios",
    who: "person",
    scope: "scenarios:write",
    title: "Save a scenario: a folder of files, a snapshot, or a title to begin with",
    body: creation,
    bodyBytesMax: scenarioBodyBytesMax,
    answers: { 201: { text: "A draft, which only you see", schema: scenarioShape } },
    handle: (call) => createScenario(call as Call<v.InferOutput<typeof creation>>),
  },
  {
    method: "PUT",
    path: "/api/scenarios/:id/files",
    who: "person",
    scope: "scenarios:write",
    title:
      "Replace a scenario's folder: the draft's, or a new draft's where the latest is published",
    body: replacement,
    bodyBytesMax: scenarioBodyBytesMax,
    answers: { 200: { text: "What was published stays as it is", schema: scenarioShape } },
    handle: (call) => putFiles(call, (call.body as v.InferOutput<typeof replacement>).files),
  },
  {
    method: "POST",
    path: "/api/scenarios/:id/archive.zip",
    who: "person",
    scope: "scenarios:write",
    title: "Replace a scenario's folder by that of a zip",
    raw: { type: "application/zip", bytesMax: scenarioZipBytesMax },
    answers: { 200: { text: "As with `PUT files`", schema: scenarioShape } },
    handle: async (call) =>
      putFiles(call, filesOfZip(await readWhole(call.request, scenarioZipBytesMax))),
  },
  {
    method: "POST",
    path: "/api/scenarios/:id/publish",
    who: "person",
    scope: "scenarios:write",
    title: "Publish a scenario's draft, which from then on never changes",
    answers: {
      200: { text: "Who may see the scenario starts this version", schema: scenarioShape },
    },
    handle: publish,
  },
];

async function createScenario(call: Call<v.InferOutput<typeof creation>>): Promise<Response> {
  const { body, env, now } = call;
  const folder = folderOf(body);
  const about = await soundFolder(call, folder);
  const seenBy = body.visibility ?? "private";
  await mayShow(call, seenBy);
  const row = {
    id: newId(),
    ownerId: call.person!.id,
    title: body.title ?? about.title,
    visibility: seenBy,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  };
  const first = versionOf(row.id, 1, folder, about, now);
  const limits = limitsOf(env);
  const room = { count: limits.scenariosPerPersonMax, bytes: limits.scenarioBytesPerPersonMax };
  if (!(await insertScenario(env.DB, row, first, room))) throw await noRoom(call);
  call.audit("scenario saved", row.id);
  const opened = { ...row, row, mine: true, version: openVersion(first) };
  return call.json(await shown(call, opened), 201);
}

/** The folder says what it begins with, so that it is the same one when it comes as a zip. */
function folderOf(body: v.InferOutput<typeof creation>): Files {
  const { files: brought = {}, title: name, snapshot } = body;
  if (brought[scenarioFile] === undefined) {
    if (name === undefined) {
      throw new EdgeError(400, `title is missing, and no ${scenarioFile} says it`, "title");
    }
    return { ...firstFiles(name, snapshot), ...brought };
  }
  if (snapshot === undefined) return brought;
  const message = `files bring a ${scenarioFile}: name the snapshot there`;
  throw new EdgeError(400, message, "snapshot");
}

/** What the folder says; throws 422 where it is not sound, or names a snapshot that is not there. */
async function soundFolder({ env }: Call, folder: Files): Promise<About> {
  const about = readFiles(folder, limitsOf(env).nodesMax);
  const { snapshot } = about;
  if (snapshot !== undefined && !(await findSnapshot(env.DB, snapshot))) {
    refuseFiles([
      { file: scenarioFile, field: "snapshot", message: "snapshot: there is no such snapshot" },
    ]);
  }
  return about;
}

const versionOf = (
  scenarioId: string,
  version: number,
  folder: Files,
  about: About,
  now: number,
): Version => ({
  scenarioId,
  version,
  files: JSON.stringify(folder),
  snapshotId: about.snapshot ?? null,
  createdAt: now,
  publishedAt: null,
});

async function noRoom({ env, person }: Call): Promise<EdgeError> {
  const limits = limitsOf(env);
  const used = await usedScenarioRoom(env.DB, person!.id);
  const limit =
    used.count >= limits.scenariosPerPersonMax
      ? `${limits.scenariosPerPersonMax} scenarios (SCENARIOS_PER_PERSON_MAX)`
      : `${limits.scenarioBytesPerPersonMax} bytes of scenarios (SCENARIO_BYTES_PER_PERSON_MAX), of which ${used.bytes} are used`;
  return new EdgeError(409, `the limit is ${limit}; it does not reset: delete one`);
}

async function putFiles(call: Call, folder: Files): Promise<Response> {
  const { env, now } = call;
  const opened = await own(call);
  const about = await soundFolder(call, folder);
  const { version: latest, published } = opened.version;
  const number = published ? latest + 1 : latest;
  if (number > scenarioVersionsMax) {
    throw new EdgeError(
      409,
      `the scenario has ${scenarioVersionsMax} versions, the most that one may; save it as another`,
    );
  }
  const row = versionOf(opened.id, number, folder, about, now);
  const bytesMax = limitsOf(env).scenarioBytesPerPersonMax;
  if (!(await putDraft(env.DB, row, call.person!.id, bytesMax))) {
    const now = await own(call);
    const moved = now.version.version !== latest || now.version.published !== published;
    throw moved
      ? new EdgeError(409, "it was published or changed at the same time; read it and repeat")
      : await noRoom(call);
  }
  const changed = { ...opened.row, updatedAt: now };
  return call.json(await shown(call, { ...opened, row: changed, version: openVersion(row) }));
}

/** A version that was published is one that a cluster can be made from. */
async function publish(call: Call): Promise<Response> {
  const { env, now } = call;
  const opened = await own(call);
  const { version, files: folder, published } = opened.version;
  if (published) throw new EdgeError(409, `version ${version} is published, and there is no draft`);
  const about = await soundFolder(call, folder);
  await tryManifests(folder, about, now);
  const row = versionOf(opened.id, version, folder, about, now);
  if (!(await publishVersion(env.DB, row, now))) {
    throw new EdgeError(409, "it was published or changed at the same time; read it and repeat");
  }
  call.audit("scenario published", opened.id);
  return call.json(
    await shown(call, { ...opened, version: { ...opened.version, published: true } }),
  );
}

/** Throws 422 with what an API server says of each. */
async function tryManifests(
  folder: Files,
  { nodes = nodesDefault, seed = "" }: About,
  now: number,
): Promise<void> {
  const manifests = manifestText(folder);
  if (manifests === undefined) return;
  const { couldBeBorn } = await import("../with-engine.ts");
  const tried = couldBeBorn({ nodes, seed: String(seed) }, manifests, now);
  if (tried.born) return;
  const refused = new EdgeError(422, tried.reason, "files");
  refused.more = { failures: tried.failures ?? [] };
  throw refused;
}
