/** How kinds are served: as upstream's discovery facts say, or by the names that they bring. */
import type { Kind, ServedVersion } from "../../kinds/define.ts";
import { metricsGroup } from "./metrics-resources.ts";
import type { GroupVersion, Resource, Subresource } from "./resource.ts";
import facts from "./discovery-facts.json" with { type: "json" };
import { schemaNamed } from "../../schema/types.ts";

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

type OwnNames = NonNullable<Kind["discovery"]>;

function pluralOf(kind: Kind): string {
  return kind.resource.split(".")[0] as string;
}

/** How one resource of the facts is served by the kinds there are; undefined: it is not. */
type Make = (
  group: string,
  version: string,
  apiVersion: string,
  r: AggregatedResource,
) => Resource | undefined;

/** Every group version that these kinds make, in upstream's order; own groups behind them. */
export function groupVersionsOf(
  kinds: readonly Kind[],
  servedVersions: readonly ServedVersion[],
): GroupVersion[] {
  const make = maker(kinds, servedVersions);
  const result: GroupVersion[] = [{ group: "", version: "v1", resources: coreResources(make) }];
  for (const item of facts.apis.items) {
    for (const v of item.versions) addVersion(result, item.metadata.name, v, make);
  }
  for (const kind of kinds) if (kind.discovery) place(result, ownResource(kind, undefined));
  result.push(metricsGroup);
  return result;
}

function addVersion(
  result: GroupVersion[],
  group: string,
  facts: { version: string; resources: AggregatedResource[] },
  make: Make,
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

function maker(kinds: readonly Kind[], views: readonly ServedVersion[]): Make {
  const byResource = new Map(kinds.map((k) => [`${k.apiVersion}/${pluralOf(k)}`, k]));
  const byId = new Map(kinds.map((k) => [k.resource, k]));
  const viewAt = new Map(views.map((v) => [`${v.apiVersion}/${v.plural}`, v]));
  return (group, version, apiVersion, r) => {
    const key = `${apiVersion}/${r.resource}`;
    const view = viewAt.get(key);
    let hooks = view ? byId.get(view.storage) : byResource.get(key);
    if (!hooks && askedOnly.has(key)) hooks = asked(group, version, r);
    return hooks && resourceOf(group, version, apiVersion, r, hooks, view);
  };
}

function resourceOf(
  group: string,
  version: string,
  apiVersion: string,
  r: AggregatedResource,
  hooks: Kind,
  view: ServedVersion | undefined,
): Resource {
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
    scale: hooks.scale,
    hooks,
    schema: view?.schema ?? hooks.schema,
    servedVersion: view,
    checks: view?.checks ?? hooks,
  };
}

function asked(group: string, version: string, r: AggregatedResource): Kind {
  const kind = r.responseKind.kind;
  return {
    resource: group ? `${r.resource}.${group}` : r.resource,
    apiVersion: group ? `${group}/${version}` : version,
    kind,
    schema: schemaNamed(`${group ? group.split(".")[0] : "core"}/${version}.${kind}`),
    namespaced: r.scope === "Namespaced",
  };
}

function coreResources(make: Make): Resource[] {
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

const ownVerbs = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];
const subresourceVerbs = ["get", "patch", "update"];

/** A kind that brings its own names, as its group version or a view's serves it. */
export function ownResource(hooks: Kind, view: ServedVersion | undefined): Resource {
  const { apiVersion, kind, schema } = view ?? hooks;
  const [group, version] = apiVersion.split("/") as [string, string];
  const { singular, shortNames, categories, status } = hooks.discovery as OwnNames;
  const subresources: Subresource[] = [];
  if (status) {
    subresources.push({ name: "status", verbs: subresourceVerbs, group: "", version: "", kind });
  }
  if (hooks.scale) {
    const scale = { group: "autoscaling", version: "v1", kind: "Scale" };
    subresources.push({ name: "scale", verbs: subresourceVerbs, ...scale });
  }
  return {
    id: hooks.resource,
    group,
    version,
    apiVersion,
    plural: view?.plural ?? pluralOf(hooks),
    singular,
    kind,
    namespaced: hooks.namespaced,
    verbs: hooks.servedVerbs ?? ownVerbs,
    shortNames,
    categories,
    storageVersionHash: hooks.custom?.storageVersionHash,
    subresources,
    scale: hooks.scale,
    hooks,
    schema,
    servedVersion: view,
    checks: view?.checks ?? hooks,
  };
}

/** Puts a resource into its group version, which becomes another value. */
export function place(groupVersions: GroupVersion[], resource: Resource): void {
  const { group, version } = resource;
  const at = groupVersions.findIndex((g) => g.group === group && g.version === version);
  const known = groupVersions[at];
  if (known) groupVersions[at] = { ...known, resources: [...known.resources, resource] };
  else groupVersions.push({ group, version, resources: [resource] });
}
