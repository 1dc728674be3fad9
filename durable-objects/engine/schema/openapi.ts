/**
 * OpenAPI v3: the index and one document per group version, made when first asked for.
 * k8s: kube-openapi/pkg/handler3/handler.go
 */
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import facts from "./facts.json" with { type: "json" };
import { openApiPaths, ownSchemaOf, pathOf, type OpenApiGroupVersion } from "./openapi-paths.ts";
import { Schemas, type Descriptions, type Json } from "./openapi-schemas.ts";
import { swaggerProtobuf } from "./openapi-protobuf.ts";
import { swaggerDocument } from "./openapi-v2.ts";
import { metaDescriptions } from "./meta-descriptions.ts";
import { podyardDescriptions } from "./podyard-descriptions.ts";
import { podyardTypes } from "./podyard-facts.ts";

export type { OpenApiGroupVersion } from "./openapi-paths.ts";
export type { Descriptions } from "./openapi-schemas.ts";

/** Raise when the form of the documents changes: clients keep a document for a year by its hash. */
const revision = "3";
const kubernetesVersion = "v1.36.1";

const hashOf = (text: string): string => bytesToHex(sha512(utf8ToBytes(text))).toUpperCase();

let factsHash: string | undefined;
const hashes = new WeakMap<OpenApiGroupVersion, string>();

/** What a document is made of, reduced: hashing the sources spares making every document for the index. */
function sourcesOf(gv: OpenApiGroupVersion): string {
  factsHash ??= hashOf(JSON.stringify([facts.types, podyardTypes]));
  const resources = gv.resources.map((r) => [
    r.plural,
    r.kind,
    r.namespaced,
    r.verbs,
    r.subresources.map((s) => [s.name, s.verbs, s.group, s.version, s.kind]),
  ]);
  const own = ownSchemas(gv);
  const sources = [revision, kubernetesVersion, factsHash, gv.group, gv.version, resources];
  return JSON.stringify(own.length ? [...sources, own] : sources);
}

/** Of types that are no facts. */
function ownSchemas(gv: OpenApiGroupVersion): [string, Json][] {
  const own = gv.resources.flatMap((resource) => ownSchemaOf(resource) ?? []);
  if (own.length === 0) return [];
  const schemas = new Schemas({}, []);
  for (const schema of own) schemas.ref(schema);
  return [...schemas.all];
}

/** The hash that names a group version's document: upper-case hex of SHA-512. */
export function openApiHash(gv: OpenApiGroupVersion): string {
  let hash = hashes.get(gv);
  if (!hash) {
    hash = hashOf(sourcesOf(gv));
    hashes.set(gv, hash);
  }
  return hash;
}

/** Words of our own: of podyard.dev's kinds, and of what custom resources have in common. */
function ownDescriptions(groupVersions: readonly OpenApiGroupVersion[]): Descriptions {
  const hasCustom = groupVersions.some(({ resources }) =>
    resources.some(({ schema }) => schema?.struct.structural),
  );
  return hasCustom ? { ...podyardDescriptions, ...metaDescriptions } : podyardDescriptions;
}

const urlOf = (gv: OpenApiGroupVersion): string =>
  `/openapi/v3/${pathOf(gv)}?hash=${openApiHash(gv)}`;

/** The body of `/openapi/v3`. */
export function openApiIndex(groupVersions: readonly OpenApiGroupVersion[]): Json {
  const paths: Json = {};
  const sorted = [...groupVersions].sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  for (const gv of sorted) paths[pathOf(gv)] = { serverRelativeURL: urlOf(gv) };
  return { paths };
}

/** The document of one group version. */
export function openApiDocument(
  gv: OpenApiGroupVersion,
  descriptions: Descriptions = {},
  groupVersions: readonly OpenApiGroupVersion[] = [gv],
): Json {
  const everywhere = groupVersions.map(({ group, version }) => ({ group, version }));
  const schemas = new Schemas({ ...ownDescriptions([gv]), ...descriptions }, everywhere);
  const paths = openApiPaths(schemas, gv);
  const sorted = [...schemas.all].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: kubernetesVersion },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: Object.fromEntries(sorted),
      securitySchemes: {
        BearerToken: {
          description: "Bearer Token authentication",
          in: "header",
          name: "authorization",
          type: "apiKey",
        },
      },
    },
  };
}

const documents = new WeakMap<OpenApiGroupVersion, string>();

function documentText(
  gv: OpenApiGroupVersion,
  groupVersions: readonly OpenApiGroupVersion[],
): string {
  let text = documents.get(gv);
  if (text === undefined) {
    text = JSON.stringify(openApiDocument(gv, {}, groupVersions));
    documents.set(gv, text);
  }
  return text;
}

const v2Root = "/openapi/v2";
/** The whole Swagger document, and the name it has by what it is made of. */
export const openApiV2Document = (
  groupVersions: readonly OpenApiGroupVersion[],
  descriptions: Descriptions = {},
): Json =>
  swaggerDocument(
    groupVersions,
    { ...ownDescriptions(groupVersions), ...descriptions },
    kubernetesVersion,
  );

const v2Hashes = new WeakMap<readonly OpenApiGroupVersion[], string>();

function openApiV2Hash(groupVersions: readonly OpenApiGroupVersion[]): string {
  let hash = v2Hashes.get(groupVersions);
  if (hash === undefined) {
    hash = hashOf(groupVersions.map(sourcesOf).join());
    v2Hashes.set(groupVersions, hash);
  }
  return hash;
}

export type V2Form = "json" | "protobuf";

/** Where the built document of these groups lies among the static files; its hash is part of the name. */
export const v2AssetPath = (
  groupVersions: readonly OpenApiGroupVersion[],
  form: V2Form = "json",
): string => `${v2Root}/${openApiV2Hash(groupVersions)}.${form === "json" ? "json" : "pb"}`;

/** The whole Swagger document as protobuf. */
export const openApiV2Protobuf = (
  groupVersions: readonly OpenApiGroupVersion[],
  descriptions: Descriptions = {},
): Uint8Array => swaggerProtobuf(openApiV2Document(groupVersions, descriptions));

export interface OpenApiReply {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

const root = "/openapi/v3";
const jsonTypes = new Set(["application/json", "application/*", "*/*"]);

/** Whether an Accept header takes JSON; none does. */
const acceptsJson = (accept: string | undefined): boolean =>
  !accept || accept.split(",").some((c) => jsonTypes.has((c.split(";")[0] ?? "").trim()));

const v2ProtobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/** Media types of version 2 in the order in which a wildcard finds them; the second is what kubectl still asks for. */
const v2Types: readonly [type: string, form: V2Form, contentType: string][] = [
  ["application/json", "json", "application/json"],
  ["application/com.github.proto-openapi.spec.v2@v1.0+protobuf", "protobuf", v2ProtobufType],
  [v2ProtobufType, "protobuf", v2ProtobufType],
];

/** The form that an Accept header likes best. k8s: kube-openapi/pkg/handler/handler.go RegisterOpenAPIVersionedService */
function v2FormOf(accept: string | undefined): (typeof v2Types)[number] | undefined {
  const clauses = (accept || "*/*").split(",").map((clause) => {
    const [type = "", ...parameters] = clause.split(";").map((part) => part.trim());
    const weight = parameters.find((p) => p.startsWith("q="))?.slice(2);
    return { type, weight: weight === undefined ? 1 : Number(weight) || 0 };
  });
  for (const { type } of clauses.sort((a, b) => b.weight - a.weight)) {
    const known = v2Types.find(
      ([name]) => type === name || type === "*/*" || type === "application/*",
    );
    if (known) return known;
  }
  return undefined;
}

const yearSeconds = 365 * 24 * 3600;

/** The hash asked for in a raw query string. */
const hashIn = (query: string): string => /(?:^|&)hash=([^&]*)/.exec(query)?.[1] ?? "";

const reply = (
  status: number,
  headers: Record<string, string>,
  body: OpenApiReply["body"] = "",
): OpenApiReply => ({
  status,
  headers,
  body,
});

function matches(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined && header.split(",").some((t) => t.trim().replace(/^W\//, "") === etag)
  );
}

function served(
  headers: Record<string, string>,
  etag: string,
  requested: Record<string, string>,
  body: () => OpenApiReply["body"],
): OpenApiReply {
  const all = { "content-type": "application/json", etag, ...headers };
  return matches(requested["if-none-match"], etag) ? reply(304, all) : reply(200, all, body());
}

function groupVersionAt(
  path: string,
  groupVersions: readonly OpenApiGroupVersion[],
): OpenApiGroupVersion | undefined {
  const key = path.slice(root.length + 1).replace(/\/$/, "");
  return groupVersions.find((gv) => pathOf(gv) === key);
}

/**
 * Answers `/openapi/v2`, `/openapi/v3` and `/openapi/v3/{api/v1,apis/GROUP/VERSION}`; undefined for any other path.
 * `query` is the raw query string; header names are lower-case; `expires` is an HTTP date a year ahead
 * (the engine has no calendar: without it a max-age says the same).
 */
export function openApiResponse(
  path: string,
  query: string,
  headers: Record<string, string>,
  groupVersions: readonly OpenApiGroupVersion[],
  expires?: string,
): OpenApiReply | undefined {
  if (path === v2Root) {
    const vary = { vary: "Accept-Encoding, Accept" };
    const known = v2FormOf(headers["accept"]);
    if (!known) return reply(406, vary);
    const [, form, contentType] = known;
    const etag = `"${openApiV2Hash(groupVersions)}"`;
    return served({ ...vary, "content-type": contentType }, etag, headers, () =>
      form === "protobuf"
        ? openApiV2Protobuf(groupVersions)
        : JSON.stringify(openApiV2Document(groupVersions)),
    );
  }
  if (path === root || path === `${root}/`) {
    const body = JSON.stringify(openApiIndex(groupVersions));
    return served({}, `"${hashOf(body)}"`, headers, () => body);
  }
  if (!path.startsWith(`${root}/`)) return undefined;
  const gv = groupVersionAt(path, groupVersions);
  if (!gv) return undefined;
  const vary = { vary: "Accept" };
  if (!acceptsJson(headers["accept"])) return reply(406, vary);
  const asked = hashIn(query);
  const hash = openApiHash(gv);
  if (asked && asked !== hash) return reply(301, { ...vary, location: urlOf(gv) });
  const cache: Record<string, string> = {};
  if (asked && expires) Object.assign(cache, { "cache-control": "public, immutable", expires });
  else if (asked) cache["cache-control"] = `public, immutable, max-age=${yearSeconds}`;
  return served({ ...vary, ...cache }, `"${hash}"`, headers, () => documentText(gv, groupVersions));
}

/**
 * Where the document with descriptions for a request lies among the static assets, if it was built
 * (scripts/generate-openapi.ts): the edge serves that file in place of openApiResponse's body.
 */
export function openApiAsset(
  path: string,
  query: string,
  headers: Record<string, string>,
  groupVersions: readonly OpenApiGroupVersion[],
): string | undefined {
  if (path === v2Root) {
    const known = matches(headers["if-none-match"], `"${openApiV2Hash(groupVersions)}"`);
    const form = v2FormOf(headers["accept"])?.[1];
    return known || !form ? undefined : v2AssetPath(groupVersions, form);
  }
  const gv = path.startsWith(`${root}/`) ? groupVersionAt(path, groupVersions) : undefined;
  if (!gv || !acceptsJson(headers["accept"])) return undefined;
  const hash = openApiHash(gv);
  const asked = hashIn(query);
  if ((asked && asked !== hash) || matches(headers["if-none-match"], `"${hash}"`)) return undefined;
  return assetPath(gv);
}

/** `/openapi/v3/HASH.json` */
export const assetPath = (gv: OpenApiGroupVersion): string => `${root}/${openApiHash(gv)}.json`;
