/** Which ListenerSets add their listeners to a Gateway. k8s: gateway-api apis/v1 AllowedListeners, ListenerSetSpec */
import { parseTime } from "../../core/clock.ts";
import { gatewayListenersMax } from "../../core/limits.ts";
import { gatewayKeyOf } from "../../kinds/gateway/indices.ts";
import { list } from "../../kinds/gateway/lists.ts";
import {
  gateways,
  listenerSets,
  type Gateway,
  type ListenerSet,
  type ObjectReference,
} from "../../kinds/gateway/types.ts";
import { objectKey, splitKey, type KubeObject } from "../../core/object.ts";
import type { Reader } from "../../ports/controller.ts";
import { isChosen } from "./namespaces.ts";

const keyOf = ({ metadata }: KubeObject): string => objectKey(metadata.namespace, metadata.name);

/** Those that name a Gateway, whether it allows them or not, in the order in which their listeners come: the oldest first. */
export function setsFor(reader: Reader, gateway: Gateway): ListenerSet[] {
  if (!reader.resources.stored(listenerSets)) return [];
  const born = ({ metadata }: ListenerSet): number => parseTime(metadata.creationTimestamp);
  return reader
    .byIndex<ListenerSet>("listener-set.parent", keyOf(gateway))
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .sort((a, b) => born(a) - born(b) || (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Unless it says otherwise, a Gateway allows none. */
export const isAllowed = (reader: Reader, { spec, metadata }: Gateway, set: ListenerSet): boolean =>
  isChosen(reader, { from: "None", ...spec?.allowedListeners?.namespaces }, metadata, set.metadata);

/** Those that a Gateway takes: the allowed, the oldest first, as far as it has room for their listeners. */
export function setsOf(reader: Reader, gateway: Gateway): ListenerSet[] {
  let room = gatewayListenersMax - list(gateway.spec?.listeners).length;
  return setsFor(reader, gateway).filter((set) => {
    if (!isAllowed(reader, gateway, set)) return false;
    const { length } = list(set.spec?.listeners);
    if (length > room) return false;
    room -= length;
    return true;
  });
}

/** The ListenerSet that a reference of an object of a namespace means. */
export const setAt = (
  reader: Reader,
  ref: ObjectReference,
  namespace: string | undefined,
): ListenerSet | undefined =>
  reader.resources.stored(listenerSets)
    ? reader.get<ListenerSet>(listenerSets, ref.namespace ?? namespace ?? "", ref.name)
    : undefined;

/** The Gateway that a ListenerSet is for. */
export function gatewayOfSet(reader: Reader, set: ListenerSet): Gateway | undefined {
  const key = gatewayKeyOf(set);
  if (key === undefined || !reader.resources.stored(gateways)) return undefined;
  const { namespace, name } = splitKey(key);
  return reader.get<Gateway>(gateways, namespace, name);
}
