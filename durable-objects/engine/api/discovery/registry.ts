/** What the API serves: the discovery facts of upstream, for the kinds that are registered here. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { kinds, servedVersions } from "../../kinds/index.ts";
import { assert } from "../../core/assert.ts";
import type { Kind, ServedVersion } from "../../kinds/define.ts";
import type { Resources } from "../../ports/controller.ts";
import type { GroupVersion, RemoteVersion, Resource } from "./resource.ts";
import { groupVersionsOf, ownResource, place } from "./resources.ts";
import { compareVersions } from "./versions.ts";
import { openApiHash } from "../../schema/openapi.ts";
import { ownIndices } from "../../kinds/indices.ts";
import type { Index } from "../../core/indices.ts";

export type { GroupVersion, RemoteVersion, Resource, Subresource } from "./resource.ts";

/** What is worked out from the kinds; replaced as a whole when they change. */
interface Tables {
  kinds: readonly Kind[];
  servedVersions: readonly ServedVersion[];
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

/** A kind that came at run time, and its other group versions: those it is seen through, and those that are kinds themselves. */
interface Added {
  kind: Kind;
  views: readonly ServedVersion[];
  versions: readonly Kind[];
}

/** What files objects by a kind's indices. */
interface Filing {
  setIndices(resource: string, indices: readonly Index[]): void;
}

/**
 * The kinds that one cluster serves, and what follows from them: resources, discovery, names. Each engine has its own, which
 * may change while it runs; until it does, all share the tables of the built-in kinds. Whatever is kept for longer hangs on
 * `groupVersions` and its members, which are others after a change that concerns them. What was added is memory: whoever
 * adds a kind adds it again at each start, before anything is due. Objects of a kind that is not served stay stored.
 * k8s: apiextensions-apiserver customresource_handler.go
 */
export class Registry implements Resources {
  readonly #base: Tables;
  #tables: Tables;
  /** By resource. */
  readonly #added = new Map<string, Added>();
  /** By `group/version`. */
  #remote: ReadonlyMap<string, RemoteVersion> = new Map();
  readonly #filing: Filing | undefined;
  #fingerprint: string | undefined = "";

  /** `filing`: what keeps the indices of kinds that are added; those of `base` it knows. */
  constructor(
    base: Registry | { kinds: readonly Kind[]; servedVersions: readonly ServedVersion[] },
    filing?: Filing,
  ) {
    this.#base =
      base instanceof Registry ? base.#tables : tablesOf(base.kinds, base.servedVersions);
    this.#tables = this.#base;
    this.#filing = filing;
  }

  get kinds(): readonly Kind[] {
    return this.#tables.kinds;
  }

  /** Everything served, in upstream's order of groups; own groups behind them. */
  get groupVersions(): readonly GroupVersion[] {
    return this.#tables.groupVersions;
  }

  /** "" while only the built-in kinds are served: then answers that need no cluster are those of every cluster. */
  get fingerprint(): string {
    return (this.#fingerprint ??= fingerprintOf(this.#base, this.#tables));
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

  /**
   * Serves a kind from now on, with its indices, in place of what was added for the same resource. It brings its names
   * (`discovery`), its `schema`, and its other group versions: as `views`, or, where each has ways of its own, as `versions`
   * of the same resource. Built-in kinds are not replaced.
   */
  add(kind: Kind, views: readonly ServedVersion[] = [], versions: readonly Kind[] = []): void {
    const { resource } = kind;
    assert(kind.discovery, `${resource} has names`);
    assert(!this.#base.byId.has(resource), `${resource} is not built in`);
    for (const { storage } of views) assert(storage === resource, `a view of ${resource}`);
    for (const { resource: id } of versions) assert(id === resource, `a version of ${resource}`);
    this.#filing?.setIndices(resource, ownIndices(kind));
    this.#added.set(resource, { kind, views, versions });
    this.#changed();
  }

  /** Serves a resource no longer, and forgets its indices; its objects stay where they are. */
  remove(resource: string): void {
    if (!this.#added.delete(resource)) return;
    this.#filing?.setIndices(resource, []);
    this.#changed();
  }

  /** Serves these group versions, and no others, through Services: custom resources of theirs are out of reach, what every cluster serves stays. */
  serveRemote(versions: ReadonlyMap<string, RemoteVersion>): void {
    this.#remote = versions;
    this.#changed();
  }

  /** Whether discovery lists a group version that is behind a Service. */
  get listsRemote(): boolean {
    if (this.#remote.size === 0) return false;
    return this.groupVersions.some(({ remote }) => remote !== undefined);
  }

  /** The group versions behind Services that do not answer. */
  get stale(): readonly string[] {
    if (this.#remote.size === 0) return [];
    return this.groupVersions
      .filter(({ remote }) => remote?.stale)
      .map(({ group, version }) => `${group}/${version}`);
  }

  /** The Service behind a group version. */
  remote(group: string, version: string): RemoteVersion | undefined {
    if (this.#remote.size === 0) return undefined;
    const own = this.groupVersions.find((gv) => gv.group === group && gv.version === version);
    return own?.remote;
  }

  /** Whether every cluster serves a resource: it cannot be replaced. */
  isBuiltIn(resource: string): boolean {
    return this.#base.byId.has(resource);
  }

  #changed(): void {
    const added = [...this.#added.values()].sort((a, b) =>
      placeOf(a.kind) < placeOf(b.kind) ? -1 : 1,
    );
    const more = added.length > 0 || this.#remote.size > 0;
    this.#tables = more ? withAdded(this.#base, added, this.#remote) : this.#base;
    this.#fingerprint = more ? undefined : "";
  }
}

/** Kinds stand in one order, whatever the order in which they came. */
const placeOf = ({ apiVersion, resource }: Kind): string => `${apiVersion} ${resource}`;

function fingerprintOf(base: Tables, { groupVersions }: Tables): string {
  const facts = groupVersions
    .filter((gv) => !base.groupVersions.includes(gv))
    .map((gv) => [
      openApiHash(gv),
      gv.remote ?? null,
      gv.resources.map(({ singular, shortNames, categories, hooks }) => [
        singular,
        shortNames,
        categories,
        hooks.custom?.terminating ?? false,
      ]),
    ]);
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(facts))));
}

/** Group versions that nothing was added to stay the same values. */
function withAdded(
  base: Tables,
  added: readonly Added[],
  remote: ReadonlyMap<string, RemoteVersion>,
): Tables {
  const groupVersions = [...base.groupVersions];
  const unserved: Resource[] = [];
  for (const { kind, views, versions } of added) {
    const own = ownResource(kind, undefined);
    if (kind.custom?.unserved) unserved.push(own);
    else place(groupVersions, own);
    for (const view of views) place(groupVersions, ownResource(kind, view));
    for (const version of versions) place(groupVersions, ownResource(version, undefined));
  }
  for (const [name, own] of remote) {
    const [group = "", version = ""] = name.split("/");
    const at = groupVersions.findIndex((gv) => gv.group === group && gv.version === version);
    if (at < 0) groupVersions.push({ group, version, resources: [], remote: own });
    else if (at >= base.groupVersions.length)
      groupVersions[at] = { ...groupVersions[at]!, remote: own };
  }
  const kinds = [...base.kinds, ...added.map(({ kind }) => kind)];
  return looked(
    kinds,
    [...base.servedVersions, ...added.flatMap(({ views }) => views)],
    inOrder(groupVersions, base.groupVersions.length),
    unserved,
  );
}

/** k8s: crdregistration_controller.go: of custom resources */
const ownPriority = 1000;
const ownVersionPriority = 100;

/** Behind the built-in ones, group by group, the version that a group prefers first. */
function inOrder(groupVersions: readonly GroupVersion[], builtIn: number): GroupVersion[] {
  const priorities = new Map<string, number>();
  for (const { group, remote } of groupVersions)
    priorities.set(group, Math.max(priorities.get(group) ?? 0, remote?.priority ?? ownPriority));
  const own = groupVersions.slice(builtIn).sort((a, b) => {
    const by = priorities.get(b.group)! - priorities.get(a.group)!;
    if (a.group !== b.group) return by || (a.group < b.group ? -1 : 1);
    const [x, y] = [a, b].map(({ remote }) => remote?.versionPriority ?? ownVersionPriority);
    return y! - x! || compareVersions(a.version, b.version);
  });
  const out = groupVersions.slice(0, builtIn);
  for (const gv of own) {
    const last = out.findLastIndex(({ group }) => group === gv.group);
    if (last < 0) out.push(gv);
    else out.splice(last + 1, 0, gv);
  }
  return out;
}

const tablesOf = (kinds: readonly Kind[], views: readonly ServedVersion[]): Tables =>
  looked(kinds, views, groupVersionsOf(kinds, views), []);

function looked(
  kinds: readonly Kind[],
  views: readonly ServedVersion[],
  groupVersions: readonly GroupVersion[],
  unserved: readonly Resource[],
): Tables {
  const byPath = new Map<string, Resource>();
  const byId = new Map<string, Resource>();
  const byKind = new Map<string, Resource>();
  for (const { group, version, resources } of groupVersions) {
    for (const resource of resources) {
      byPath.set(`${group}/${version}/${resource.plural}`, resource);
      byKind.set(`${resource.apiVersion}/${resource.kind}`, resource);
    }
  }
  for (const resource of unserved) byKind.set(`${resource.apiVersion}/${resource.kind}`, resource);
  for (const resource of [...byPath.values(), ...unserved]) {
    const isKind = !resource.servedVersion && !resource.hooks.custom?.isView;
    if (isKind && resource.verbs.includes("get")) byId.set(resource.id, resource);
  }
  const byGroupKind = new Map([...byId.values()].map((r) => [`${r.group}/${r.kind}`, r]));
  return { kinds, servedVersions: views, groupVersions, byPath, byId, byKind, byGroupKind };
}

/** The kinds that every cluster serves. */
export const builtin = new Registry({ kinds, servedVersions: servedVersions });
