/** The Gateway of ours that a route's reference leads to, perhaps through a ListenerSet. */
import {
  gateways,
  isGatewayReference,
  isListenerSetReference,
  type Gateway,
  type HTTPRoute,
  type ParentReference,
} from "../../kinds/gateway/types.ts";
import type { Reader } from "../../ports/controller.ts";
import { gatewayOfSet, setAt } from "./listener-sets.ts";
import { isOurs } from "./listeners.ts";

export function gatewayOf(
  reader: Reader,
  { metadata }: HTTPRoute,
  ref: ParentReference,
): Gateway | undefined {
  if (!reader.resources.stored(gateways)) return undefined;
  const gateway = named(reader, metadata.namespace, ref);
  return gateway && isOurs(reader, gateway) ? gateway : undefined;
}

function named(reader: Reader, own: string | undefined, ref: ParentReference): Gateway | undefined {
  if (isGatewayReference(ref))
    return reader.get<Gateway>(gateways, ref.namespace ?? own ?? "", ref.name);
  const set = isListenerSetReference(ref) ? setAt(reader, ref, own) : undefined;
  return set && gatewayOfSet(reader, set);
}
