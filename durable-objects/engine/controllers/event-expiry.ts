/**
 * Events are forgotten an hour after they were last written. Nobody needs this on the dot, so it waits for a turn that
 * happens anyway. k8s: apiserver --event-ttl
 */
import { eventTtlMs, lastSeen } from "../client/events.ts";
import type { CoreEvent } from "../kinds/event.ts";
import type { Controller } from "../ports/controller.ts";

export const eventExpiryController: Controller = {
  name: "eventexpiry",
  // The first Node of a cluster sets it going; from then on it asks for itself, whether there are Events or not.
  wakesOn: { nodes: (change) => (change.op === "create" ? ["all"] : undefined) },
  reconcile(_key, client) {
    let next = client.now + eventTtlMs;
    for (const event of [...client.list<CoreEvent>("events")]) {
      const due = lastSeen(event) + eventTtlMs;
      const { namespace = "", name } = event.metadata;
      if (due <= client.now) client.delete("events", namespace, name);
      else if (due < next) next = due;
    }
    return { dueAtMs: next, lazy: true };
  },
};
