/** What the API serves: the discovery facts of upstream, for the kinds that are registered here. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { kinds, servedVersions } from "../../kinds/index.ts";
import { assert } from "../../core/assert.ts";
import type { Kind, ServedVersion } from "../../kinds/define.ts";
import type { Resources } from "../../ports/controller.ts";
import type { GroupVersion, Resource } from "./resource.ts";
import { groupVersionsOf, ownResource, place } from "./resources.ts";
import { openApiHash } from "../../schema/openapi.ts";
import { ownIndices } from "../../kinds/indices.ts";
import type { Index } from "../../core/indices.ts";

export type { GroupVersion, Resource, Subresource } from "./resource.ts";

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

/** A kind that came at run time, and the other group versions that it is seen through. */
interface Added {
  kind: Kind;
  views: readonly ServedVersion[];
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
   * (`discovery`), its `schema`, and `views` for its other group versions. Built-in kinds are not replaced.
   */
  add(kind: Kind, views: readonly ServedVersion[] = []): void {
    const { resource } = kind;
    assert(kind.discovery, `${resource} has names`);
    assert(!this.#base.byId.has(resource), `${resource} is not built in`);
    for (const { storage } of views) assert(storage === resource, `a view of ${resource}`);
    this.#filing?.setIndices(resource, ownIndices(kind));
    this.#added.set(resource, { kind, views });
    this.#changed();
  }

  /** Serves a resource no longer, and forgets its indices; its objects stay where they are. */
  remove(resource: string): void {
    if (!this.#added.delete(resource)) return;
    this.#filing?.setIndices(resource, []);
    this.#changed();
  }

  #changed(): void {
    const added = [...this.#added.values()].sort((a, b) =>
      placeOf(a.kind) < placeOf(b.kind) ? -1 : 1,
    );
    this.#tables = added.length ? withAdded(this.#base, added) : this.#base;
    this.#fingerprint = added.length ? undefined : "";
  }
}

/** Kinds stand in one order, whatever the order in which they came. */
const placeOf = ({ apiVersion, resource }: Kind): string => `${apiVersion} ${resource}`;

function fingerprintOf(base: Tables, { groupVersions }: Tables): string {
  const facts = groupVersions
    .filter((gv) => !base.groupVersions.includes(gv))
    .map((gv) => [
      openApiHash(gv),
      gv.resources.map(({ singular, shortNames, categories }) => [
        singular,
        shortNames,
        categories,
      ]),
    ]);
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(facts))));
}

/** Group versions that nothing was added to stay the same values. */
function withAdded(base: Tables, added: readonly Added[]): Tables {
  const groupVersions = [...base.groupVersions];
  for (const { kind, views } of added) {
    place(groupVersions, ownResource(kind, undefined));
    for (const view of views) place(groupVersions, ownResource(kind, view));
  }
  const kinds = [...base.kinds, ...added.map(({ kind }) => kind)];
  return looked(
    kinds,
    [...base.servedVersions, ...added.flatMap(({ views }) => views)],
    groupVersions,
  );
}

const tablesOf = (kinds: readonly Kind[], views: readonly ServedVersion[]): Tables =>
  looked(kinds, views, groupVersionsOf(kinds, views));

function looked(
  kinds: readonly Kind[],
  views: readonly ServedVersion[],
  groupVersions: readonly GroupVersion[],
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
  for (const resource of byPath.values())
    if (!resource.servedVersion && resource.verbs.includes("get")) byId.set(resource.id, resource);
  const byGroupKind = new Map([...byId.values()].map((r) => [`${r.group}/${r.kind}`, r]));
  return { kinds, servedVersions: views, groupVersions, byPath, byId, byKind, byGroupKind };
}

/** The kinds that every cluster serves. */
export const builtin = new Registry({ kinds, servedVersions: servedVersions });
