import { getArtefact } from "../snapshots/artefacts.ts";
import {
  findScenario,
  findVersion,
  latestVersion,
  type Scenario,
  type Version,
} from "../db/scenarios.ts";
import { findSnapshot } from "../db/snapshots.ts";
import type { Env } from "../env.ts";
import { EdgeError } from "../errors.ts";
import { ownScenario, type OwnScenario } from "./gallery.ts";
import { limitsOf, nodesDefault } from "../limits.ts";
import type { Principal } from "../principal.ts";
import { manifestText, readAbout, readFiles, scenarioFile, type Files } from "./scenario-files.ts";
import type { BornAs } from "../snapshots/artefacts.ts";
import { idShape } from "../secrets.ts";

/** A scenario as somebody sees it, and what a cluster of it begins with. */

export type Visibility = Scenario["visibility"];

export interface OpenVersion {
  version: number;
  files: Files;
  /** Wall ms; absent: it came with the deployment. */
  createdAt?: number;
  /** Undefined: a draft. */
  published: boolean;
}

export interface Opened {
  id: string;
  title: string;
  visibility: Visibility;
  /** Of who asks. */
  mine: boolean;
  /** Absent: Podyard's own. */
  row?: Scenario;
  version: OpenVersion;
}

/** Who asks, where they may see what is theirs: a token needs the scope for it. */
export function viewerIdOf(principal: Principal): string | undefined {
  if (principal.by === "session") return principal.person.id;
  const reads = principal.by === "token" && principal.scopes.has("scenarios:read");
  return reads ? principal.person.id : undefined;
}

/** As if there were none, where who asks may not know of it. */
export const noScenario = (): EdgeError => new EdgeError(404, "there is no such scenario");

/**
 * The latest version, drafts only for the owner, or the one that is asked for; throws 404 where who asks may not see it. Whoever
 * has its id may see what is not private.
 */
export async function openScenario(
  env: Env,
  id: string,
  viewerId: string | undefined,
  wanted?: number,
): Promise<Opened> {
  const own = ownScenario(id);
  if (own) return opened(own, wanted);
  const row = idShape.test(id) ? await findScenario(env.DB, id) : undefined;
  const mine = row !== undefined && viewerId !== undefined && row.ownerId === viewerId;
  if (!row || (row.visibility === "private" && !mine)) throw noScenario();
  const version =
    wanted === undefined
      ? await latestVersion(env.DB, id, { published: !mine })
      : await findVersion(env.DB, id, wanted);
  if (!version || (version.publishedAt === null && !mine)) {
    throw wanted === undefined ? noScenario() : noVersion();
  }
  const { title, visibility } = row;
  return { id, title, visibility, mine, row, version: openVersion(version) };
}

const noVersion = (): EdgeError => new EdgeError(404, "the scenario has no such version");

function opened({ id, version, files }: OwnScenario, wanted: number | undefined): Opened {
  if (wanted !== undefined && wanted !== version) throw noVersion();
  const { title = id } = readAbout(files[scenarioFile] as string, Infinity).about ?? {};
  return {
    id,
    title,
    visibility: "public",
    mine: false,
    version: { version, files, published: true },
  };
}

export const openVersion = ({ version, files, createdAt, publishedAt }: Version): OpenVersion => ({
  version,
  files: JSON.parse(files) as Files,
  createdAt,
  published: publishedAt !== null,
});

/** Of a version that labs were made from, deleted or not. Of Podyard's own there is the deployed one alone. */
export async function filesOfVersion(
  env: Env,
  id: string,
  version: number,
): Promise<Files | undefined> {
  const own = ownScenario(id);
  if (own) return own.files;
  const row = await findVersion(env.DB, id, version);
  return row && openVersion(row).files;
}

export interface Start {
  birth: Partial<BornAs>;
  from: Uint8Array | { manifests: string };
  /** That it is of. */
  snapshot?: string;
}

/** What a cluster of it begins with; undefined: its snapshot was withdrawn. Throws 422 where it has too many nodes by now. */
export async function startOf(env: Env, files: Files): Promise<Start | undefined> {
  const about = readFiles(files, limitsOf(env).nodesMax);
  const { snapshot, nodes = nodesDefault, seed } = about;
  if (snapshot === undefined) {
    const birth = { nodes, ...(seed !== undefined && { seed: String(seed) }) };
    return { birth, from: { manifests: manifestText(files) ?? "" } };
  }
  const row = await findSnapshot(env.DB, snapshot);
  const artefact = row && (await getArtefact(env, row.sha256));
  return artefact && { birth: artefact.birth, from: artefact.bytes, snapshot };
}
