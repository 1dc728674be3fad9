import type {
  ReadOnlyCluster,
  ReadOnlyClusters,
} from "../../durable-objects/engine/snapshots/read-only.ts";
import { getArtefact } from "./artefacts.ts";
import { findSnapshot, type Snapshot } from "../db/snapshots.ts";
import type { Env } from "../env.ts";
import { EdgeError } from "../errors.ts";
import { thumbnailsKeptMax } from "../limits.ts";
import { Known } from "../read-cache.ts";
import { idShape } from "../secrets.ts";

/** Snapshots as this isolate has looked them up, and those that it has opened, by what is in them. */

const known = new Known<Snapshot>();
let clusters: ReadOnlyClusters | undefined;
const opening = new Map<string, Promise<ReadOnlyCluster>>();

/** Throws 404 where there is none, or none any more. */
export async function snapshotBy(env: Env, id: string): Promise<Snapshot> {
  const find = () => findSnapshot(env.DB, id);
  const found = idShape.test(id) ? (await known.get(id, find)).found : undefined;
  if (!found) throw noSuchSnapshot();
  return found;
}

export const noSuchSnapshot = (): EdgeError => new EdgeError(404, "there is no such snapshot");

/** Other isolates follow within `keyCacheMsMax`. */
export const forgetSnapshot = (id: string): void => known.forget((row) => row.id === id);

/** Its moment, opened once however many ask for it at a time. */
export async function openedSnapshot(env: Env, { sha256 }: Snapshot): Promise<ReadOnlyCluster> {
  const before = clusters?.get(sha256) ?? (await opening.get(sha256));
  if (before) return before;
  const opened = open(env, sha256).finally(() => opening.delete(sha256));
  opening.set(sha256, opened);
  return opened;
}

const thumbnails = new Map<string, string>();

/** Its picture, an SVG. Drawn of the artefact: an opened moment keeps only what it answers with. */
export async function thumbnailOf(env: Env, { sha256 }: Snapshot): Promise<string> {
  const before = thumbnails.get(sha256);
  if (before !== undefined) return before;
  const { openArtefact, thumbnail } = await import("../with-engine.ts");
  const opened = openArtefact(await bytesOf(env, sha256));
  if ("reason" in opened) throw new EdgeError(422, opened.reason);
  const drawn = thumbnail(opened.snapshot);
  if (thumbnails.size >= thumbnailsKeptMax) thumbnails.delete(thumbnails.keys().next().value!);
  thumbnails.set(sha256, drawn);
  return drawn;
}

async function bytesOf(env: Env, sha256: string): Promise<Uint8Array> {
  const artefact = await getArtefact(env, sha256);
  if (!artefact) throw noSuchSnapshot();
  return artefact.bytes;
}

async function open(env: Env, sha256: string): Promise<ReadOnlyCluster> {
  const bytes = await bytesOf(env, sha256);
  const { ReadOnlyClusters } = await import("../with-engine.ts");
  clusters ??= new ReadOnlyClusters();
  const opened = clusters.open(sha256, bytes);
  if ("reason" in opened) throw new EdgeError(422, opened.reason);
  return opened.cluster;
}
