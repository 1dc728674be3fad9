/** What objects are filed under, so that nobody has to look at all of them. Which indices there are may change. */
import { assert } from "./assert.ts";
import { SmallGroup, type Group } from "./groups.ts";
import { smallGroupMax } from "./limits.ts";
import { objectKey, type KubeObject, type ResourceId } from "./object.ts";

/** One row of the index table: of all objects in kinds/indices.ts, of one kind in its own file. */
export interface Index {
  name: string;
  /** Which resource it files; "*" for all. */
  resource: ResourceId | "*";
  values(object: KubeObject): readonly string[];
  /** What the values come from: where that is still the same, so are they. */
  from?(object: KubeObject): unknown;
}

export class Indices {
  /** By name, then value. */
  readonly #groups = new Map<string, Map<string, Group | SmallGroup>>();
  readonly #ofResource = new Map<ResourceId, Index[]>();
  #table: readonly Index[];

  constructor(table: readonly Index[]) {
    this.#table = table;
    for (const { name } of table) this.#groups.set(name, new Map());
  }

  get table(): readonly Index[] {
    return this.#table;
  }

  at(index: string, value: string): Group | SmallGroup | undefined {
    const groups = this.#groups.get(index);
    assert(groups, `no index ${index}`);
    return groups.get(value);
  }

  /** Replaces a resource's own indices; `objects` are all that it has. Asserts that their names are free. */
  set(resource: ResourceId, own: readonly Index[], objects: Iterable<KubeObject>): void {
    const others = this.#table.filter((index) => index.resource !== resource);
    for (const { name } of own)
      assert(!others.some((other) => other.name === name), `one index ${name}`);
    for (const index of this.#table)
      if (index.resource === resource) this.#groups.delete(index.name);
    for (const { name } of own) this.#groups.set(name, new Map());
    this.#table = [...others, ...own];
    this.#ofResource.delete(resource);
    for (const object of objects) {
      const { namespace, name } = object.metadata;
      for (const index of own) this.#file(index, objectKey(namespace, name), undefined, object);
    }
  }

  /** An object comes, changes or goes. */
  place(
    resource: ResourceId,
    key: string,
    before: KubeObject | undefined,
    after: KubeObject | undefined,
  ): void {
    // Only an index of several resources must tell their keys apart.
    let member = "";
    for (const index of this.#indicesFor(resource)) {
      const several = index.resource === "*";
      if (several) member ||= `${resource}/${key}`;
      this.#file(index, several ? member : key, before, after);
    }
  }

  #file(
    index: Index,
    key: string,
    before: KubeObject | undefined,
    after: KubeObject | undefined,
  ): void {
    const groups = this.#groups.get(index.name) as Map<string, Group | SmallGroup>;
    const are = after ? index.values(after) : [];
    const same = before && after && index.from && index.from(before) === index.from(after);
    const were = before && !same ? index.values(before) : [];
    for (const value of were) {
      if (are.includes(value)) continue;
      const group = groups.get(value);
      group?.remove(key);
      if (group?.size === 0) groups.delete(value);
    }
    if (!after) return;
    for (const value of are) {
      let group = groups.get(value);
      if (!group) groups.set(value, (group = new SmallGroup()));
      else if (group instanceof SmallGroup && group.size >= smallGroupMax) {
        groups.set(value, (group = group.grown()));
      }
      group.put(key, after);
    }
  }

  #indicesFor(resource: ResourceId): Index[] {
    let found = this.#ofResource.get(resource);
    if (!found) {
      found = this.#table.filter((i) => i.resource === "*" || i.resource === resource);
      this.#ofResource.set(resource, found);
    }
    return found;
  }
}
