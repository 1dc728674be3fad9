/** What every revision did, as it was persisted: what a list of the past and a watch from anywhere must show. */
import type { Change, KubeObject } from "../../durable-objects/engine/core/object.ts";

export const shadowKey = (resource: string, meta: { namespace?: string; name: string }): string =>
  `${resource} ${meta.namespace ?? ""}/${meta.name}`;

/** `namespace/name` of an object, with the revision that it has. */
export type State = Map<string, string>;

export const keyOf = (meta: { namespace?: string; name: string }): string =>
  `${meta.namespace ?? ""}/${meta.name}`;

export class History {
  readonly changes: Change[] = [];
  /** Bytes of all revisions up to each. */
  readonly #bytes: number[] = [];
  readonly #born: { resource: string; object: KubeObject }[] = [];

  born(resource: string, object: KubeObject): void {
    this.#born.push({ resource, object });
  }

  /** `text`: the object's JSON. */
  add(change: Change, text: string): void {
    this.changes.push(change);
    this.#bytes.push((this.#bytes.at(-1) ?? 0) + text.length);
  }

  /** Bytes of the revisions after one. */
  bytesAfter(rv: number): number {
    const at = this.after(rv);
    return (this.#bytes.at(-1) ?? 0) - (at === 0 ? 0 : (this.#bytes[at - 1] as number));
  }

  /** Place of the first change after a revision. */
  after(rv: number): number {
    let low = 0;
    let high = this.changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.changes[middle] as Change).rv <= rv) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** All objects of a resource at a revision. */
  objectsAt(
    rv: number,
    resource: string,
    namespace = "",
  ): Map<string, { object: KubeObject; since: number | undefined }> {
    const found = new Map<string, { object: KubeObject; since: number | undefined }>();
    const wanted = (of: string, object: KubeObject): boolean =>
      of === resource && (!namespace || object.metadata.namespace === namespace);
    for (const { resource: of, object } of this.#born) {
      if (wanted(of, object)) found.set(keyOf(object.metadata), { object, since: undefined });
    }
    for (const change of this.changes) {
      if (change.rv > rv) break;
      if (!wanted(change.resource, change.object)) continue;
      const key = keyOf(change.object.metadata);
      if (change.op === "delete") found.delete(key);
      else found.set(key, { object: change.object, since: change.rv });
    }
    return found;
  }

  at(
    rv: number,
    resource: string,
    namespace: string,
    accepts: (o: KubeObject) => boolean = () => true,
  ): State {
    const state: State = new Map();
    for (const [key, { object }] of this.objectsAt(rv, resource, namespace)) {
      if (accepts(object)) state.set(key, object.metadata.resourceVersion);
    }
    return state;
  }
}

/** The first line in which two states differ. */
export function difference(found: State, expected: State): string | undefined {
  for (const [key, rv] of expected) {
    if (found.get(key) !== rv) return `${key} is ${found.get(key) ?? "missing"}, should be ${rv}`;
  }
  for (const key of found.keys()) if (!expected.has(key)) return `${key} should not be there`;
  return undefined;
}
