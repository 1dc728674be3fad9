/** What needs no cluster: version, discovery, health. The Worker answers these without waking the object. */
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { ApiRequest, Reply } from "../../ports/request.ts";
import { openApiResponse } from "../../schema/openapi.ts";
import { healthText } from "./health.ts";
import { prefersYaml } from "../request/negotiation.ts";
import { prettyReply, yamlReply } from "../request/reply.ts";
import { URLQuery } from "../request/request-info.ts";
import { checkTimeout } from "../request/request-timeout.ts";
import { builtin, type GroupVersion, type Registry, type Resource } from "./registry.ts";
import type { RemoteResource, RemoteVersion } from "./resource.ts";
import { release } from "../../machinery/release.ts";
import { unknownPath } from "../../machinery/status.ts";

const { major, minor, ...build } = release;

/** The Kubernetes release that Podyard speaks. */
export const version = {
  major,
  minor,
  emulationMajor: major,
  emulationMinor: minor,
  minCompatibilityMajor: major,
  minCompatibilityMinor: "35",
  ...build,
};

const json = (body: unknown, headers: Record<string, string> = {}): Reply => ({
  type: "reply",
  status: 200,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

/** These are always written for people. */
const indented = (body: unknown): Reply => ({ ...json(body), body: JSON.stringify(body, null, 2) });

/** The 404 of Go's own server, for paths outside every API. */
export const pageNotFound = (): Reply => ({ ...text("404 page not found\n"), status: 404 });

const text = (body: string): Reply => ({
  type: "reply",
  status: 200,
  headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  body,
});

type Served = readonly GroupVersion[];

/** The answer where no cluster is needed, else undefined. `registry`: of a cluster that may serve more than every one does. */
export function staticResponse(
  request: ApiRequest,
  { groupVersions }: Registry = builtin,
): Reply | undefined {
  const reply = answered(request, groupVersions);
  if (reply) checkTimeout(new URLQuery(request.query));
  const isList = /^\/apis?(\/|$)/.test(request.path) && reply?.status === 200 && reply.body !== "";
  return isList && prefersYaml(request.headers["accept"])
    ? yamlReply(200, JSON.parse(String(reply.body)))
    : reply;
}

/** The same as the edge sends it: discovery is written as objects are. k8s: handlers/negotiation isPrettyPrint */
export function edgeResponse(request: ApiRequest): Reply | undefined {
  const reply = staticResponse(request);
  return reply && /^\/apis?(\/|$)/.test(request.path) ? prettyReply(request, reply) : reply;
}

function answered(request: ApiRequest, groupVersions: Served): Reply | undefined {
  const { method, path } = request;
  if (method !== "GET" && method !== "HEAD") return undefined;
  if (path === "/version" || path === "/version/") return indented(version);
  if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) {
    const told = healthText(path, request.query);
    return told === undefined ? pageNotFound() : text(told);
  }
  if (isRemoteOpenApi(path, groupVersions)) return undefined;
  if (path.startsWith("/openapi/")) {
    const reply = openApiResponse(path, request.query, request.headers, groupVersions);
    return reply ? { type: "reply", ...reply } : pageNotFound();
  }
  const parts = path.split("/").filter(Boolean);
  if (parts.length === 0) return indented({ paths: rootPaths(groupVersions) });
  if (parts[0] === "api" && parts.length === 1) return apiRoot(request, groupVersions);
  if (parts[0] === "apis" && parts.length === 1) return apisRoot(request, groupVersions);
  if (parts[0] === "api" && parts.length === 2) {
    const gv = parts[1] === "v1" ? groupVersions[0] : undefined;
    return gv ? json(resourceList(gv)) : failure();
  }
  if (parts[0] === "apis" && parts.length === 2) return group(groupVersions, parts[1] as string);
  if (parts[0] === "apis" && parts.length === 3) {
    const gv = groupVersions.find((g) => g.group === parts[1] && g.version === parts[2]);
    // Its own server answers.
    if (gv?.remote) return undefined;
    if (gv) return json(resourceList(gv));
    return groupNames(groupVersions).includes(parts[1] as string) ? failure() : pageNotFound();
  }
  return undefined;
}

/** k8s: kube-aggregator openapiv3 */
const isRemoteOpenApi = (path: string, groupVersions: Served): boolean =>
  groupVersions.some(
    ({ group: name, version: v, remote }) => remote && path === `/openapi/v3/apis/${name}/${v}`,
  );

function failure(): Reply {
  const error = unknownPath();
  return {
    type: "reply",
    status: 404,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(error.toStatus()),
  };
}

function rootPaths(groupVersions: Served): string[] {
  const paths = ["/.well-known/openid-configuration", "/api", "/api/v1", "/apis"];
  for (const { group, version: v } of groupVersions.slice(1)) {
    if (!paths.includes(`/apis/${group}`)) paths.push(`/apis/${group}`);
    paths.push(`/apis/${group}/${v}`);
  }
  return [
    ...paths,
    "/healthz",
    "/livez",
    "/metrics",
    "/metrics/slis",
    "/openapi/v2",
    "/openapi/v3",
    "/openid/v1/jwks",
    "/readyz",
    "/version",
  ];
}

/** `v2` or `v2beta1` when the client asks for aggregated discovery (in its order of preference), else undefined. */
function aggregatedVersion(accept: string | undefined): string | undefined {
  for (const clause of (accept ?? "").split(",")) {
    if (!/application\/json;/.test(clause) || !clause.includes("g=apidiscovery.k8s.io")) continue;
    if (!clause.includes("as=APIGroupDiscoveryList")) continue;
    if (/v=v2(;|$)/.test(clause)) return "v2";
    if (/v=v2beta1(;|$)/.test(clause)) return "v2beta1";
  }
  return undefined;
}

const aggregated = new WeakMap<Served, Map<string, { body: string; etag: string }>>();

/** `core`: of the core group alone, else of all others. */
function aggregatedReply(
  request: ApiRequest,
  v: string,
  groupVersions: Served,
  core: boolean,
): Reply {
  let ofAll = aggregated.get(groupVersions);
  if (!ofAll) aggregated.set(groupVersions, (ofAll = new Map()));
  const key = `${v}${core}`;
  let cached = ofAll.get(key);
  if (!cached) {
    const groups = core ? groupVersions.slice(0, 1) : groupVersions.slice(1);
    const body = JSON.stringify(discoveryList(v, groups));
    cached = { body, etag: `"${bytesToHex(sha512(utf8ToBytes(body))).toUpperCase()}"` };
    ofAll.set(key, cached);
  }
  const headers = {
    "content-type": `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`,
    etag: cached.etag,
    vary: "Accept",
    "cache-control": "public",
  };
  const same = request.headers["if-none-match"] === cached.etag;
  return { type: "reply", status: same ? 304 : 200, headers, body: same ? "" : cached.body };
}

function apiRoot(request: ApiRequest, groupVersions: Served): Reply {
  const v = aggregatedVersion(request.headers["accept"]);
  if (v) return aggregatedReply(request, v, groupVersions, true);
  return json({
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: "172.18.0.2:6443" }],
  });
}

function apisRoot(request: ApiRequest, groupVersions: Served): Reply {
  const v = aggregatedVersion(request.headers["accept"]);
  if (v) return aggregatedReply(request, v, groupVersions, false);
  const groups = groupNames(groupVersions).map((name) => groupOf(groupVersions, name));
  return json({ kind: "APIGroupList", apiVersion: "v1", groups });
}

const groupNames = (groupVersions: Served): string[] => [
  ...new Set(groupVersions.slice(1).map((g) => g.group)),
];

function groupOf(groupVersions: Served, name: string): Record<string, unknown> {
  const versions = groupVersions
    .filter((g) => g.group === name)
    .map((g) => ({ groupVersion: `${g.group}/${g.version}`, version: g.version }));
  return { name, versions, preferredVersion: versions[0] };
}

function group(groupVersions: Served, name: string): Reply {
  if (!groupNames(groupVersions).includes(name)) return pageNotFound();
  return json({ kind: "APIGroup", apiVersion: "v1", ...groupOf(groupVersions, name) });
}

function discoveryList(v: string, groups: Served): unknown {
  const names = [...new Set(groups.map((g) => g.group))];
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${v}`,
    metadata: {},
    items: names.map((name) => ({
      metadata: name ? { name } : {},
      versions: groups
        .filter((g) => g.group === name)
        .map((g) => ({
          version: g.version,
          resources: g.remote
            ? remoteResources(g.remote, g)
            : g.resources.map((one) => aggregatedResource(one)),
          freshness: g.remote?.stale ? "Stale" : "Current",
        })),
    })),
  };
}

/** Of a kind whose definition goes nothing new is made. k8s: customresource_discovery_controller.go */
function verbsOf({ hooks, verbs }: Resource): readonly string[] {
  if (!hooks.custom) return verbs;
  const made = ["patch", "create", "update"];
  const all = ["delete", "deletecollection", "get", "list", ...made, "watch"];
  return hooks.custom.terminating ? all.filter((verb) => !made.includes(verb)) : all;
}

/** What a server's own list says, as the aggregated one does. k8s: kube-aggregator handler_discovery.go convertToV2 */
function remoteResources(
  { resources }: RemoteVersion,
  { group: ownGroup, version: ownVersion }: GroupVersion,
): unknown[] {
  const kindOf = (one: RemoteResource): object => ({
    group: one.group ?? ownGroup,
    version: one.version ?? ownVersion,
    kind: one.kind ?? "",
  });
  const within = (name: string): RemoteResource[] =>
    resources.filter((one) => one.name.startsWith(`${name}/`));
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map((one) => {
      const subresources = within(one.name).map((inner) => ({
        subresource: inner.name.slice(one.name.length + 1),
        responseKind: kindOf(inner),
        verbs: inner.verbs ?? [],
      }));
      return {
        resource: one.name,
        responseKind: kindOf(one),
        scope: one.namespaced ? "Namespaced" : "Cluster",
        singularResource: one.singularName ?? "",
        verbs: one.verbs ?? [],
        ...(one.shortNames?.length ? { shortNames: one.shortNames } : {}),
        ...(one.categories?.length ? { categories: one.categories } : {}),
        ...(subresources.length ? { subresources } : {}),
      };
    });
}

function aggregatedResource(r: Resource): unknown {
  return {
    resource: r.plural,
    responseKind: { group: "", version: "", kind: r.kind },
    scope: r.namespaced ? "Namespaced" : "Cluster",
    singularResource: r.singular,
    verbs: verbsOf(r),
    ...(r.shortNames.length ? { shortNames: r.shortNames } : {}),
    ...(r.categories.length ? { categories: r.categories } : {}),
    ...(r.subresources.length
      ? {
          subresources: r.subresources.map((s) => ({
            subresource: s.name,
            responseKind: { group: s.group, version: s.version, kind: s.kind },
            verbs: s.verbs,
          })),
        }
      : {}),
  };
}

function resourceList(gv: GroupVersion): unknown {
  const resources: unknown[] = [];
  for (const r of gv.resources) {
    resources.push({
      name: r.plural,
      singularName: r.singular,
      namespaced: r.namespaced,
      kind: r.kind,
      verbs: verbsOf(r),
      ...(r.shortNames.length ? { shortNames: r.shortNames } : {}),
      ...(r.categories.length ? { categories: r.categories } : {}),
      ...(r.storageVersionHash ? { storageVersionHash: r.storageVersionHash } : {}),
    });
    for (const s of r.subresources) {
      resources.push({
        name: `${r.plural}/${s.name}`,
        singularName: "",
        namespaced: r.namespaced,
        ...(s.group ? { group: s.group } : {}),
        ...(s.version ? { version: s.version } : {}),
        kind: s.kind,
        verbs: s.verbs,
      });
    }
  }
  const groupVersion = gv.group ? `${gv.group}/${gv.version}` : gv.version;
  return {
    kind: "APIResourceList",
    ...(gv.group ? { apiVersion: "v1" } : {}),
    groupVersion,
    resources,
  };
}
