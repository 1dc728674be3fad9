/** What the API serves: the discovery facts of upstream, for the kinds that are registered here. */
import { kinds, views } from "../../kinds/index.ts";
import { assert } from "../../core/assert.ts";
import type { Kind, View } from "../../kinds/define.ts";
import type { Resources } from "../../ports/controller.ts";
import { metricsGroup } from "./metrics-resources.ts";
import facts from "./discovery-facts.json" with { type: "json" };
import { schemaNamed } from "../../schema/types.ts";

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
  scale: Kind["scale"];
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

function pluralOf(kind: Kind): string {
  return kind.resource.split(".")[0] as string;
}

/** What is worked out from the kinds; replaced as a whole when they change. */
interface Tables {
  kinds: readonly Kind[];
  views: readonly View[];
  groupVersions: readonly GroupVersion[];
  /** By `group/version/plural`. */
  byPath: ReadonlyMap<string, Resource>;
  /** By storage id. */
  byId: ReadonlyMap<string, Resource>;
  /** By `apiVersion/kind`. */
  byKind: ReadonlyMap<string, Resource>;
  /** What is stored, by `group/kind`. */
  byGroupKind: ReadonlyMap<string, Resource>;
}

/**
 * The kinds that one cluster serves, and what follows from them: resources, discovery, names. Each engine has its own, which
 * may change while it runs; until it does, all share the tables of the built-in kinds. Whatever is kept for longer hangs on
 * `groupVersions`, which is another array after each change. k8s: apiextensions-apiserver customresource_handler.go
 */
export class Registry implements Resources {
  #tables: Tables;

  constructor(base: Registry | { kinds: readonly Kind[]; views: readonly View[] }) {
    this.#tables = base instanceof Registry ? base.#tables : tablesOf(base.kinds, base.views);
  }

  get kinds(): readonly Kind[] {
    return this.#tables.kinds;
  }

  /** Everything served, in upstream's order of groups; own groups behind them. */
  get groupVersions(): readonly GroupVersion[] {
    return this.#tables.groupVersions;
  }

  /** The resource that a path names, or undefined. */
  at(group: string, version: string, plural: string): Resource | undefined {
    return this.#tables.byPath.get(`${group}/${version}/${plural}`);
  }

  /** By storage id: `pods`, `deployments.apps`. */
  stored(id: string): Resource | undefined {
    return this.#tables.byId.get(id);
  }

  allStored(): Iterable<Resource> {
    return this.#tables.byId.values();
  }

  ofGroupKind(group: string, kind: string): Resource | undefined {
    return this.#tables.byGroupKind.get(`${group}/${kind}`);
  }

  ofKind(apiVersion: string, kind: string): Resource | undefined {
    return this.#tables.byKind.get(`${apiVersion}/${kind}`);
  }

  /** Serves a kind from now on, in place of one of the same resource. It must bring its names (`discovery`). */
  add(kind: Kind): void {
    assert(kind.discovery, `${kind.resource} has names`);
    const others = this.kinds.filter(({ resource }) => resource !== kind.resource);
    this.#tables = tablesOf([...others, kind], this.#tables.views);
  }

  /** Serves a resource no longer; its objects stay where they are. */
  remove(resource: string): void {
    this.#tables = tablesOf(
      this.kinds.filter((kind) => kind.resource !== resource),
      this.#tables.views,
    );
  }
}

function tablesOf(kinds: readonly Kind[], views: readonly View[]): Tables {
  const groupVersions = build(kinds, views);
  const byPath = new Map<string, Resource>();
  const byId = new Map<string, Resource>();
  const byKind = new Map<string, Resource>();
  for (const { group, version, resources } of groupVersions) {
    for (const resource of resources) {
      byPath.set(`${group}/${version}/${resource.plural}`, resource);
      byKind.set(`${resource.apiVersion}/${resource.kind}`, resource);
    }
  }
  for (const resource of byPath.values())
    if (!resource.view && resource.verbs.includes("get")) byId.set(resource.id, resource);
  const byGroupKind = new Map([...byId.values()].map((r) => [`${r.group}/${r.kind}`, r]));
  return { kinds, views, groupVersions, byPath, byId, byKind, byGroupKind };
}

/** How one resource of the facts is served by the kinds there are; undefined: it is not. */
type Make = (
  group: string,
  version: string,
  apiVersion: string,
  r: AggregatedResource,
) => Resource | undefined;

function build(kinds: readonly Kind[], views: readonly View[]): GroupVersion[] {
  const make = maker(kinds, views);
  const result: GroupVersion[] = [{ group: "", version: "v1", resources: coreResources(make) }];
  for (const item of facts.apis.items) {
    for (const v of item.versions) addVersion(result, item.metadata.name, v, make);
  }
  for (const kind of kinds) if (kind.discovery) addOwn(result, kind);
  result.push(...metricsGroup);
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

function maker(kinds: readonly Kind[], views: readonly View[]): Make {
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
  view: View | undefined,
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
    view,
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
    scale: kind.scale,
    hooks: kind,
    view: undefined,
  });
}

/** The kinds that every cluster serves. */
export const builtin = new Registry({ kinds, views });
