import type { EndpointSlice } from "../../durable-objects/engine/kinds/endpoint-slice.ts";
import type { Service } from "../../durable-objects/engine/kinds/service/service.ts";
import type { Objects } from "../api/picture-objects.ts";
import type { ObjectRef } from "../desk/desk.ts";
import { isSystem, refOf, type PodView } from "./pod-view.ts";

/** Which Pods a Service sends to, and which of its own it leaves out. */
export interface ServiceView {
  ref: ObjectRef;
  system: boolean;
  /** uids of Pods. */
  ready: string[];
  leftOut: { uid: string; label: string; why: string }[];
  /** `2 of 3 ready`, or why there is nothing to count. */
  word: string;
}

const serviceName = "kubernetes.io/service-name";

export function serviceViews({ services, slices, pods }: Objects, views: PodView[]): ServiceView[] {
  const viewOf = new Map(views.map((view) => [view.uid, view]));
  return services
    .filter(({ spec }) => spec?.selector && Object.keys(spec.selector).length > 0)
    .map((service) => {
      const { namespace } = service.metadata;
      const selector = Object.entries(service.spec!.selector!);
      const own = pods
        .filter(
          ({ metadata }) =>
            metadata.namespace === namespace &&
            selector.every(([key, value]) => metadata.labels?.[key] === value),
        )
        .map(({ metadata }) => viewOf.get(metadata.uid)!);
      return serviceView(service, endpointsOf(service, slices), own);
    })
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const keyOf = ({ ref, system }: ServiceView): string =>
  `${Number(system)}/${ref.namespace}/${ref.name}`;

/** uid of each Pod among the endpoints, and whether it gets requests. */
function endpointsOf(service: Service, slices: EndpointSlice[]): Map<string, boolean> {
  const { name, namespace } = service.metadata;
  const found = new Map<string, boolean>();
  for (const { metadata, endpoints } of slices) {
    if (metadata.namespace !== namespace || metadata.labels?.[serviceName] !== name) continue;
    for (const { targetRef, conditions } of endpoints ?? []) {
      if (targetRef?.uid) found.set(targetRef.uid, conditions?.ready !== false);
    }
  }
  return found;
}

function serviceView(
  service: Service,
  endpoints: Map<string, boolean>,
  own: PodView[],
): ServiceView {
  const ready = own.filter(({ uid }) => endpoints.get(uid)).map(({ uid }) => uid);
  const leftOut = own
    .filter(({ uid }) => !endpoints.get(uid))
    .map(({ uid, label, state }) => ({ uid, label, why: state.word }));
  const asks = Object.entries(service.spec!.selector!).map(([key, value]) => `${key}=${value}`);
  const ref = refOf({ ...service, apiVersion: "v1", kind: "Service" }, "services");
  return {
    ref,
    system: isSystem(ref.namespace),
    ready,
    leftOut,
    word:
      own.length === 0 ? `no Pod has ${asks.join(",")}` : `${ready.length} of ${own.length} ready`,
  };
}

export function serviceSentence({ ref, word, leftOut }: ServiceView): string {
  const out = leftOut.map(({ label, why }) => `${label} is ${why}`).join(", ");
  return `Service ${ref.namespace}/${ref.name}: ${word}${out && `. Left out: ${out}`}`;
}
