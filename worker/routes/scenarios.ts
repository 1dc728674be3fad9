import * as v from "valibot";
import {
  deleteScenario,
  publicScenarios,
  scenariosOf,
  updateScenario,
  versionsOf,
  type Listed,
} from "../db/scenarios.ts";
import { hasSignedIn } from "../db/people.ts";
import { EdgeError } from "../errors.ts";
import { gallery } from "../scenarios/gallery.ts";
import {
  noScenario,
  openScenario,
  viewerIdOf,
  type Opened,
  type Visibility,
} from "../scenarios/open-scenarios.ts";
import { paged, type Call, type Row } from "../route.ts";
import {
  readAbout,
  readmeFile,
  scenarioFile,
  zipOf,
  type About,
} from "../scenarios/scenario-files.ts";
import { iso, timestamp, title } from "../schemas.ts";

export const visibility = v.picklist(
  ["private", "link", "public"] as const,
  "visibility must be one of private, link, public",
);
const change = v.strictObject({ title: v.optional(title), visibility: v.optional(visibility) });

const line = {
  id: v.string(),
  title: v.string(),
  url: v.string(),
  visibility,
  /** Podyard's own. */
  ours: v.boolean(),
  mine: v.boolean(),
  version: v.number(),
  published: v.boolean(),
  description: v.optional(v.string()),
  level: v.optional(v.string()),
  minutes: v.optional(v.number()),
  chapter: v.optional(v.string()),
  createdAt: v.optional(timestamp),
  updatedAt: v.optional(timestamp),
};

const listShape = v.object({
  /** In the gallery, on its first page. */
  ours: v.optional(v.array(v.object(line))),
  scenarios: v.array(v.object(line)),
  nextCursor: v.optional(v.string()),
});

/** What is told of a scenario to who may see it. */
export const scenarioShape = v.object({
  ...line,
  nodes: v.optional(v.number()),
  seed: v.optional(v.union([v.number(), v.string()])),
  snapshot: v.optional(v.string()),
  readme: v.string(),
  /** Their paths. */
  files: v.array(v.string()),
  /** Newest first; drafts only to the owner. */
  versions: v.array(
    v.object({
      version: v.number(),
      createdAt: v.optional(timestamp),
      publishedAt: v.optional(timestamp),
    }),
  ),
});

const versionShape = v.object({
  id: v.string(),
  version: v.number(),
  published: v.boolean(),
  createdAt: v.optional(timestamp),
  files: v.record(v.string(), v.string()),
});

export const scenarioRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/scenarios",
    who: "anyone",
    scope: "scenarios:read",
    title: "List your scenarios, or with `?gallery` Podyard's own and those that are public",
    query: {
      gallery: "The gallery instead of yours",
      limit: "How many at most",
      cursor: "Where the list goes on",
    },
    answers: { 200: { text: "Newest first; Podyard's own in their order", schema: listShape } },
    handle: listScenarios,
  },
  {
    method: "GET",
    path: "/api/scenarios/:id",
    who: "anyone",
    scope: "scenarios:read",
    title: "Read a scenario: the latest version that was published, as its owner the draft",
    answers: { 200: { text: "Private ones exist for their owner alone", schema: scenarioShape } },
    handle: async (call) => call.json(await shown(call, await seen(call))),
  },
  {
    method: "GET",
    path: "/api/scenarios/:id/versions/:version",
    who: "anyone",
    scope: "scenarios:read",
    title: "Read the files of a version",
    answers: { 200: { text: "Once published, they never change", schema: versionShape } },
    handle: readVersion,
  },
  {
    method: "GET",
    path: "/api/scenarios/:id/archive.zip",
    who: "anyone",
    scope: "scenarios:read",
    title: "Download a scenario's folder",
    query: { version: "Which; absent: the latest" },
    answers: { 200: { text: "Equal folders give equal bytes", type: "application/zip" } },
    handle: downloadArchive,
  },
  {
    method: "PATCH",
    path: "/api/scenarios/:id",
    who: "person",
    scope: "scenarios:write",
    title: "Rename a scenario, or say who may see it",
    body: change,
    answers: { 200: { text: "It is so from now on", schema: scenarioShape } },
    handle: (call) => changeScenario(call as Call<v.InferOutput<typeof change>>),
  },
  {
    method: "DELETE",
    path: "/api/scenarios/:id",
    who: "person",
    scope: "scenarios:write",
    title: "Delete a scenario",
    answers: { 204: { text: "Nobody finds it any more; labs that were made from it go on" } },
    handle: removeScenario,
  },
];

/** What who asks may see, as `:version` or `?version=` says. */
export const seen = (call: Call, version?: number): Promise<Opened> =>
  openScenario(call.env, call.param("id"), viewerIdOf(call.principal), version);

/** The scenario of who asks; throws 404 where they may not see it, 403 where it is another's. */
export async function own(call: Call): Promise<Opened & Required<Pick<Opened, "row">>> {
  const found = await openScenario(call.env, call.param("id"), call.person?.id);
  const { row, mine } = found;
  if (!row || !mine) throw new EdgeError(403, "only who made a scenario may do this");
  return { ...found, row };
}

async function listScenarios(call: Call): Promise<Response> {
  const page = call.page();
  const said = call.c.req.query("gallery");
  const isGallery = said !== undefined && said !== "false" && said !== "0";
  const viewerId = viewerIdOf(call.principal);
  if (!isGallery && viewerId === undefined) {
    throw new EdgeError(
      401,
      "sign in, or send an API token as a bearer token; ?gallery asks nobody",
    );
  }
  const found =
    isGallery || viewerId === undefined
      ? await publicScenarios(call.env.DB, page)
      : await scenariosOf(call.env.DB, viewerId, page);
  const ours = gallery.map(({ id, version, files }) =>
    lined(call, readAbout(files[scenarioFile] as string, Infinity).about, {
      id,
      visibility: "public",
      ours: true,
      mine: false,
      version,
      published: true,
    }),
  );
  return call.json({
    ...(isGallery && !page.after && { ours }),
    ...paged(
      "scenarios",
      found,
      page,
      ({ scenario }) => scenario,
      (one) => listedLine(call, one, viewerId),
    ),
  });
}

function listedLine(
  call: Call,
  { scenario, version, publishedAt, about }: Listed,
  viewerId?: string,
) {
  return lined(call, readAbout(about, Infinity).about, {
    id: scenario.id,
    title: scenario.title,
    visibility: scenario.visibility,
    ours: false,
    mine: viewerId !== undefined && scenario.ownerId === viewerId,
    version,
    published: publishedAt !== null,
    createdAt: iso(scenario.createdAt),
    updatedAt: iso(scenario.updatedAt),
  });
}

interface Line {
  id: string;
  title?: string;
  visibility: Visibility;
  ours: boolean;
  mine: boolean;
  version: number;
  published: boolean;
  createdAt?: string;
  updatedAt?: string;
}

/** The title is the scenario's own; the folder's says what one is called that has none yet. */
const lined = (call: Call, about: About | undefined, rest: Line) => ({
  title: about?.title ?? "",
  description: about?.description,
  level: about?.level,
  minutes: about?.minutes,
  chapter: about?.chapter,
  url: `${call.origin}/l/${rest.id}`,
  ...rest,
});

export async function shown(
  call: Call,
  opened: Opened,
): Promise<v.InferOutput<typeof scenarioShape>> {
  const { id, mine, row, version } = opened;
  const { files } = version;
  const { about } = readAbout(files[scenarioFile] as string, Infinity);
  const versions = row ? await versionsOf(call.env.DB, id) : [];
  return {
    ...lined(call, about, {
      id,
      title: opened.title,
      visibility: opened.visibility,
      ours: row === undefined,
      mine,
      version: version.version,
      published: version.published,
      ...(row && { createdAt: iso(row.createdAt), updatedAt: iso(row.updatedAt) }),
    }),
    nodes: about?.nodes,
    seed: about?.seed,
    snapshot: about?.snapshot,
    readme: files[readmeFile] ?? "",
    files: Object.keys(files).sort(),
    versions: row
      ? versions
          .filter(({ publishedAt }) => mine || publishedAt !== null)
          .map(({ version: number, createdAt, publishedAt }) => ({
            version: number,
            createdAt: iso(createdAt),
            ...(publishedAt !== null && { publishedAt: iso(publishedAt) }),
          }))
      : [{ version: version.version }],
  };
}

async function readVersion(call: Call): Promise<Response> {
  const opened = await seen(call, numberOf(call.param("version")));
  const { version, files, published, createdAt } = opened.version;
  return call.json({
    id: opened.id,
    version,
    published,
    ...(createdAt !== undefined && { createdAt: iso(createdAt) }),
    files,
  });
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new EdgeError(404, "the scenario has no such version");
  return Number(text);
}

/** 1980-01-01, the first moment that a zip can name: of what has no date. */
const firstZipMs = 315_532_800_000;

async function downloadArchive(call: Call): Promise<Response> {
  const said = call.c.req.query("version");
  const { id, version } = await seen(call, said === undefined ? undefined : numberOf(said));
  const zip = zipOf(version.files, version.createdAt ?? firstZipMs + 86_400_000);
  return call.sent(
    new Response(zip as Uint8Array<ArrayBuffer>, {
      headers: {
        "content-type": "application/zip",
        "content-disposition": `attachment; filename="${id}-${version.version}.zip"`,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
    }),
  );
}

async function changeScenario(call: Call<v.InferOutput<typeof change>>): Promise<Response> {
  const { body, env } = call;
  const opened = await own(call);
  if (body.visibility !== undefined) await mayShow(call, body.visibility);
  const { title: name = opened.title, visibility: seenBy = opened.visibility } = body;
  await updateScenario(env.DB, opened.id, { title: name, visibility: seenBy });
  if (seenBy !== opened.visibility) call.audit(`scenario ${seenBy}`, opened.id);
  return call.json(await shown(call, { ...opened, title: name, visibility: seenBy }));
}

/** What everybody finds has somebody behind it who can be asked. */
export async function mayShow(call: Call, seenBy: Visibility): Promise<void> {
  if (seenBy !== "public" || (await hasSignedIn(call.env.DB, call.person!.id))) return;
  throw new EdgeError(
    403,
    "sign in to list a scenario for everybody; by link it can be shared without",
    "visibility",
  );
}

async function removeScenario(call: Call): Promise<Response> {
  const { id, row } = await own(call);
  if (row.ownerId !== call.person!.id) throw noScenario();
  await deleteScenario(call.env.DB, id, call.now);
  call.audit("scenario deleted", id);
  return call.nothing();
}
