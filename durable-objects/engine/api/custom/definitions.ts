/**
 * The kinds that a cluster's CustomResourceDefinitions make, in its registry. The registry is memory: it follows what was
 * written after each commit, and is filled from what is stored when a cluster starts.
 */
import type { Change } from "../../core/object.ts";
import type { Store } from "../../core/store.ts";
import {
  definitions,
  type CustomResourceDefinition,
} from "../../kinds/custom-resource-definition/types.ts";
import type { Registry } from "../discovery/registry.ts";
import type { Calls } from "../webhooks/calls.ts";
import { kindsOf } from "./kind.ts";

export class CustomDefinitions {
  readonly #store: Store;
  readonly #registry: Registry;
  /** Of each definition, what its kinds were made of. */
  readonly #served = new Map<string, Pick<CustomResourceDefinition, "spec" | "status">>();

  readonly #calls: Calls;

  constructor(store: Store, registry: Registry, calls: Calls) {
    this.#calls = calls;
    this.#store = store;
    this.#registry = registry;
  }

  /** Before anything is due. */
  load(): void {
    for (const object of this.#store.list(definitions))
      this.#follow(object.metadata.name, object as CustomResourceDefinition);
  }

  /** After each commit, with what it changed. */
  see(changes: readonly Change[]): void {
    for (const { resource, op, name, object } of changes)
      if (resource === definitions)
        this.#follow(name, op === "delete" ? undefined : (object as CustomResourceDefinition));
  }

  #follow(name: string, definition: CustomResourceDefinition | undefined): void {
    const made = definition && kindsOf(definition, this.#calls);
    if (!made || !definition || this.#registry.isBuiltIn(name)) {
      if (this.#served.delete(name)) this.#registry.remove(name);
      return;
    }
    const { spec, status = {} } = definition;
    const before = this.#served.get(name);
    // A condition that says nothing of what is served makes no other kinds: what hangs on them stays.
    if (before?.spec === spec && before.status === status) return;
    this.#served.set(name, { spec, status });
    this.#registry.add(made.stored, [], made.others);
  }
}
