import * as v from "valibot";
import type { ReadOnlyCluster } from "../../durable-objects/engine/snapshots/read-only.ts";
import { responseOf } from "../../durable-objects/responses.ts";
import { getArtefact } from "../snapshots/artefacts.ts";
import {
  noSuchSnapshot,
  openedSnapshot,
  snapshotBy,
  thumbnailOf,
} from "../snapshots/open-snapshots.ts";
import type { Call, Row } from "../route.ts";
import { staticReply } from "../static-reply.ts";
import { timelineOptions, timelineQuery, timelineShape } from "./past.ts";

/** What is in a snapshot, shown to whoever has its id. It is read from the artefact: no object is made or woken for it. */

export const snapshotViewRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/snapshots/:id/artefact",
    who: "anyone",
    title: "Download a snapshot's artefact",
    answers: {
      200: { text: "Its bytes, with their SHA-256 as ETag", type: "application/octet-stream" },
      304: { text: "You have them" },
    },
    handle: readArtefact,
  },
  {
    method: "GET",
    path: "/api/snapshots/:id/thumbnail.svg",
    who: "anyone",
    title: "Read a small picture of a snapshot",
    answers: { 200: { text: "Nodes, and their Pods by phase", type: "image/svg+xml" } },
    handle: readThumbnail,
  },
  {
    method: "GET",
    path: "/api/snapshots/:id/timeline",
    who: "anyone",
    title: "Read who did what before a snapshot was taken",
    query: timelineQuery,
    answers: { 200: { text: "Oldest first", schema: timelineShape } },
    handle: async (call) => {
      const cluster = await opened(call);
      return call.json(cluster.timeline(timelineOptions(call)));
    },
  },
  {
    method: "GET",
    path: "/api/snapshots/:id/kube/*",
    who: "anyone",
    kube: true,
    title: "Ask the Kubernetes API of a snapshot's moment, which can only be read",
    answers: {
      200: { text: "As a cluster answers, or a Status", schema: v.unknown() },
      405: { text: "A snapshot stands still: fork it", schema: v.unknown() },
    },
    handle: askSnapshot,
  },
];

/** Content that people made: never a page of this origin, and gone from no shared cache when it is withdrawn. */
const asData = {
  "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
  "cross-origin-resource-policy": "cross-origin",
  "x-content-type-options": "nosniff",
};

async function opened(call: Call): Promise<ReadOnlyCluster> {
  return openedSnapshot(call.env, await snapshotBy(call.env, call.param("id")));
}

async function readArtefact(call: Call): Promise<Response> {
  const row = await snapshotBy(call.env, call.param("id"));
  const headers = {
    ...asData,
    "cache-control": "private, max-age=31536000, immutable",
    "content-disposition": `attachment; filename="podyard-${row.id.slice(0, 8)}-${row.revision}.snapshot"`,
    "content-type": "application/octet-stream",
    etag: `"${row.sha256}"`,
  };
  if (names(call.request.headers.get("if-none-match"), row.sha256)) {
    return new Response(null, { status: 304, headers });
  }
  const found = await getArtefact(call.env, row.sha256);
  if (!found) throw noSuchSnapshot();
  return new Response(found.bytes, { headers });
}

/** RFC 9110 13.1.2 */
const names = (header: string | null, sha256: string): boolean =>
  (header ?? "").split(",").some((tag) => {
    const said = tag.trim();
    return said === "*" || said.replace(/^W\//, "") === `"${sha256}"`;
  });

async function readThumbnail(call: Call): Promise<Response> {
  const row = await snapshotBy(call.env, call.param("id"));
  return new Response(await thumbnailOf(call.env, row), {
    headers: {
      ...asData,
      "cache-control": "private, max-age=86400",
      "content-type": "image/svg+xml; charset=utf-8",
    },
  });
}

const below = /^\/api\/snapshots\/[^/]+\/kube(\/.*)$/;

async function askSnapshot(call: Call): Promise<Response> {
  const { request, env } = call;
  const row = await snapshotBy(env, call.param("id"));
  const { pathname, search } = new URL(request.url);
  const path = below.exec(pathname)?.[1] ?? "/";
  const known = await staticReply(request, env, path, true);
  if (known) return known;
  const cluster = await openedSnapshot(env, row);
  return responseOf(
    cluster.answer({
      method: request.method,
      path,
      query: search.slice(1),
      headers: Object.fromEntries(request.headers),
      publicPath: pathname,
    }),
  );
}
