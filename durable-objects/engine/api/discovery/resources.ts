/** What the API serves: the discovery facts of upstream, for the kinds that are registered here. */
import { kinds, views } from "../../kinds/index.ts";
import type { Kind, View } from "../../kinds/define.ts";
import { metricsGroup } from "./metrics-resources.ts";
import facts from "./discovery-facts.json" with { type: "json" };

export interface Subresource {
  name: string;
  verbs: string[];
  group: string;
  version: string;
  kind: string;
}

/** One resource as one group version serves it. */
export interface Resource {
  /** Storage: `deployments.apps`. */
  id: string;
  group: string;
  version: string;
  /** `apps/v1`. */
  apiVersion: string;
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames: string[];
  categories: string[];
  storageVersionHash: string | undefined;
  subresources: Subresource[];
  hooks: Kind;
  /** Set when this version is another look at a kind stored under `id`. */
  view: View | undefined;
}

interface AggregatedResource {
  resource: string;
  responseKind: { group: string; version: string; kind: string };
  scope: string;
  singularResource: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: {
    subresource: string;
    responseKind: { group: string; version: string; kind: string };
    verbs: string[];
  }[];
}

export interface GroupVersion {
  group: string;
  version: string;
  resources: Resource[];
}

/** Resources that are only asked, never stored (api/auth/reviews.ts, pods/binding's old form): in discovery, without a kind. */
const askedOnly = new Set([
  "v1/bindings",
  "authentication.k8s.io/v1/selfsubjectreviews",
  "authentication.k8s.io/v1/tokenreviews",
  "authorization.k8s.io/v1/localsubjectaccessreviews",
  "authorization.k8s.io/v1/selfsubjectaccessreviews",
  "authorization.k8s.io/v1/selfsubjectrulesreviews",
  "authorization.k8s.io/v1/subjectaccessreviews",
]);

const byResource = new Map<string, Kind>(kinds.map((k) => [`${k.apiVersion}/${pluralOf(k)}`, k]));
const viewByResource = new Map<string, View>(views.map((v) => [`${v.apiVersion}/${v.plural}`, v]));

function pluralOf(kind: Kind): string {
  return kind.resource.split(".")[0] as string;
}

/** Everything served, in upstream's order of groups. */
export const groupVersions: readonly GroupVersion[] = build();

const resourceTable = new Map<string, Resource>();
for (const gv of groupVersions) {
  for (const r of gv.resources) resourceTable.set(`${gv.group}/${gv.version}/${r.plural}`, r);
}

/** The resource that a path names, or undefined. */
export function resourceAt(group: string, version: string, plural: string): Resource | undefined {
  return resourceTable.get(`${group}/${version}/${plural}`);
}

const storageTable = new Map<string, Resource>();
for (const r of resourceTable.values())
  if (!r.view && r.verbs.includes("get")) storageTable.set(r.id, r);

/** By storage id: `pods`, `deployments.apps`. */
export function storedResource(id: string): Resource | undefined {
  return storageTable.get(id);
}

export const storedResources = (): Iterable<Resource> => storageTable.values();

const kindTable = new Map<string, Resource>();
for (const r of resourceTable.values()) kindTable.set(`${r.apiVersion}/${r.kind}`, r);

export function resourceOfKind(apiVersion: string, kind: string): Resource | undefined {
  return kindTable.get(`${apiVersion}/${kind}`);
}

function build(): GroupVersion[] {
  const result: GroupVersion[] = [{ group: "", version: "v1", resources: coreResources() }];
  for (const item of facts.apis.items) {
    for (const v of item.versions) addVersion(result, item.metadata.name, v);
  }
  for (const kind of kinds) if (kind.discovery) addOwn(result, kind);
  result.push(...metricsGroup);
  return result;
}

function addVersion(
  result: GroupVersion[],
  group: string,
  facts: { version: string; resources: AggregatedResource[] },
): void {
  const version = facts.version;
  const resources: Resource[] = [];
  for (const r of facts.resources) {
    const apiVersion = `${group}/${version}`;
    const resource = make(group, version, apiVersion, r);
    if (resource) resources.push(resource);
  }
  if (resources.length) result.push({ group, version, resources });
}

function make(
  group: string,
  version: string,
  apiVersion: string,
  r: AggregatedResource,
): Resource | undefined {
  const key = `${apiVersion}/${r.resource}`;
  const view = viewByResource.get(key);
  let hooks = view ? kinds.find((k) => k.resource === view.storage) : byResource.get(key);
  if (!hooks && askedOnly.has(key)) hooks = asked(group, version, r);
  if (!hooks) return undefined;
  return {
    id: hooks.resource,
    group,
    version,
    apiVersion,
    plural: r.resource,
    singular: r.singularResource,
    kind: r.responseKind.kind,
    namespaced: r.scope === "Namespaced",
    verbs: hooks.servedVerbs ?? r.verbs,
    shortNames: r.shortNames ?? [],
    categories: r.categories ?? [],
    storageVersionHash: undefined,
    subresources: (hooks.servedVerbs ? [] : (r.subresources ?? [])).map((s) => ({
      name: s.subresource,
      verbs: s.verbs,
      group: s.responseKind.group,
      version: s.responseKind.version,
      kind: s.responseKind.kind,
    })),
    hooks,
    view,
  };
}

function asked(group: string, version: string, r: AggregatedResource): Kind {
  const kind = r.responseKind.kind;
  return {
    resource: group ? `${r.resource}.${group}` : r.resource,
    apiVersion: group ? `${group}/${version}` : version,
    kind,
    type: `${group ? group.split(".")[0] : "core"}/${version}.${kind}`,
    namespaced: r.scope === "Namespaced",
  };
}

function coreResources(): Resource[] {
  const all = facts.apiV1.resources as {
    name: string;
    singularName: string;
    kind: string;
    namespaced: boolean;
    verbs: string[];
    shortNames?: string[];
    categories?: string[];
    storageVersionHash?: string;
    group?: string;
    version?: string;
  }[];
  const result: Resource[] = [];
  for (const r of all) {
    const [plural, subresource] = r.name.split("/") as [string, string?];
    if (subresource) {
      const owner = result.find((o) => o.plural === plural);
      const { verbs, group = "", version = "", kind } = r;
      owner?.subresources.push({ name: subresource, verbs, group, version, kind });
      continue;
    }
    const resource = make("", "v1", "v1", {
      resource: plural,
      responseKind: { group: "", version: "", kind: r.kind },
      scope: r.namespaced ? "Namespaced" : "Cluster",
      singularResource: r.singularName,
      verbs: r.verbs,
      shortNames: r.shortNames ?? [],
      categories: r.categories ?? [],
    });
    if (resource) result.push({ ...resource, storageVersionHash: r.storageVersionHash });
  }
  return result;
}

function addOwn(result: GroupVersion[], kind: Kind): void {
  const [group, version] = kind.apiVersion.split("/") as [string, string];
  let gv = result.find((g) => g.group === group && g.version === version);
  if (!gv) result.push((gv = { group, version, resources: [] }));
  const names = kind.discovery as NonNullable<Kind["discovery"]>;
  gv.resources.push({
    id: kind.resource,
    group,
    version,
    apiVersion: kind.apiVersion,
    plural: pluralOf(kind),
    singular: names.singular,
    kind: kind.kind,
    namespaced: kind.namespaced,
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: names.shortNames,
    categories: names.categories,
    storageVersionHash: undefined,
    subresources: names.status
      ? [
          {
            name: "status",
            verbs: ["get", "patch", "update"],
            group: "",
            version: "",
            kind: kind.kind,
          },
        ]
      : [],
    hooks: kind,
    view: undefined,
  });
}
