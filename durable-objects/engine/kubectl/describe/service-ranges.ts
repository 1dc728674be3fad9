/** ServiceCIDR, IPAddress. k8s: kubectl/pkg/describe */
import type { IPAddress } from "../../kinds/networking/ip-address.ts";
import type { ServiceCIDR } from "../../kinds/networking/service-cidr.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import { eventsOf } from "./reach.ts";

export const serviceCidr: Describer<ServiceCIDR> = function* (settings, object, out) {
  const { metadata, spec, status } = object;
  const events = yield* eventsOf(settings, { kind: "ServiceCIDR", metadata });
  out.head(metadata, { namespaced: false });
  out.field("CIDRs", (spec?.cidrs ?? []).join(", "));
  const conditions = status?.conditions ?? [];
  if (conditions.length > 0) {
    out.write("Status:\n");
    out.write("Conditions:\n");
    out.conditions(conditions);
  }
  writeEvents(out, events, settings.now);
};

export const ipAddress: Describer<IPAddress> = function* (settings, object, out) {
  const { metadata, spec } = object;
  const events = yield* eventsOf(settings, { kind: "IPAddress", metadata });
  out.head(metadata, { namespaced: false });
  const parent = spec?.parentRef;
  if (parent) {
    out.write("Parent Reference:\n");
    out.field("Group", parent.group, 1);
    out.field("Resource", parent.resource, 1);
    out.field("Namespace", parent.namespace, 1);
    out.field("Name", parent.name, 1);
  }
  writeEvents(out, events, settings.now);
};
