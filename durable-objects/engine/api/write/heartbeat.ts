import type { KubeObject } from "../../core/object.ts";
import type { ApiContext } from "../context.ts";
import { internalWrite } from "./write-options.ts";
import { presentLease } from "../../kinds/heartbeats.ts";

const leases = "leases.coordination.k8s.io";

/**
 * Writes down one of the heartbeats that are otherwise only worked out. A real cluster's revision never stands still for
 * long; who counts on that gets a revision of its own.
 */
export function recordHeartbeat({ reader, operations, registry }: ApiContext): void {
  const resource = registry.stored(leases);
  const due = (lease: KubeObject): boolean => presentLease(lease, reader.now, reader) !== lease;
  const lease = reader.list(leases, "kube-system").find(due);
  if (!resource || !lease) return;
  const { namespace = "", name } = lease.metadata;
  const change = (current: KubeObject): KubeObject => presentLease(current, reader.now, reader);
  operations.update(resource, namespace, name, change, internalWrite);
}
