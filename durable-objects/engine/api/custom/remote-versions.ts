/**
 * The group versions that are behind Services, in a cluster's registry. The registry is memory: it follows APIServices, and what
 * their controller has found out, after each commit, and is filled from what is stored when a cluster starts.
 * k8s: kube-aggregator/pkg/apiserver/handler_discovery.go
 */
import type { Change } from "../../core/object.ts";
import type { Store } from "../../core/store.ts";
import { remoteServerOf, type APIService } from "../../kinds/api-service.ts";
import type { Registry, RemoteVersion } from "../discovery/registry.ts";
import type { RemoteResource } from "../discovery/resource.ts";

const services = "apiservices.apiregistration.k8s.io";

/** What the controller keeps of an APIService, by its name. */
export const remoteTable = "api-services";

export interface RemoteRecord {
  /** The request under way, and since when. */
  asked?: string;
  askedAtMs?: number;
  /** What its server listed last. */
  resources?: readonly RemoteResource[];
  /** Checks that failed in a row. */
  failures?: number;
  /** When it is asked again, virtual ms. */
  nextAtMs?: number;
}

export class RemoteVersions {
  readonly #store: Store;
  readonly #registry: Registry;
  /** Those behind Services, with what was known of each. */
  readonly #known = new Map<string, RemoteRecord["resources"]>();

  constructor(store: Store, registry: Registry) {
    this.#store = store;
    this.#registry = registry;
  }

  /** Before anything is due. */
  load(): void {
    for (const object of this.#store.list(services)) {
      const { metadata, spec } = object as APIService;
      if (spec.service) this.#known.set(metadata.name, undefined);
    }
    if (this.#known.size > 0) this.#serve();
  }

  /** After each commit, with what it changed. */
  see(changes: readonly Change[]): void {
    let changed = false;
    for (const { resource, op, name, object, previous } of changes) {
      if (resource !== services) continue;
      const is = op !== "delete" && (object as APIService).spec.service !== undefined;
      const was = this.#known.has(name);
      if (is) this.#known.set(name, this.#known.get(name));
      else this.#known.delete(name);
      changed ||= is || was || (previous as APIService | undefined)?.spec.service !== undefined;
    }
    for (const [name, resources] of this.#known)
      changed ||= this.#recordOf(name)?.resources !== resources;
    if (changed) this.#serve();
  }

  #recordOf(name: string): RemoteRecord | undefined {
    return this.#store.record(remoteTable, name) as RemoteRecord | undefined;
  }

  #serve(): void {
    const versions = new Map<string, RemoteVersion>();
    for (const name of [...this.#known.keys()].sort()) {
      const object = this.#store.get(services, "", name) as APIService | undefined;
      const { group = "", version, service } = object?.spec ?? {};
      if (!object || !service || !version) continue;
      const resources = this.#recordOf(name)?.resources;
      this.#known.set(name, resources);
      const available = object.status?.conditions?.find(({ type }) => type === "Available");
      versions.set(`${group}/${version}`, {
        resources: resources ?? [],
        stale: available?.status !== "True",
        priority: object.spec.groupPriorityMinimum,
        versionPriority: object.spec.versionPriority,
        service: remoteServerOf(object.spec),
      });
    }
    this.#registry.serveRemote(versions);
  }
}
