/** Namespaces that a Gateway or a listener takes something of. k8s: gateway-api apis/v1 RouteNamespaces, ListenerNamespaces */
import type { NamespaceChoice } from "../../kinds/gateway/types.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Reader } from "../../ports/controller.ts";

type Placed = { namespace?: string };

/** Whether `theirs`, the object's that wants to be taken, is chosen. */
export function isChosen(
  reader: Reader,
  { from, selector }: NamespaceChoice,
  own: Placed,
  theirs: Placed,
): boolean {
  if (from === "All") return true;
  if (from === "Same") return theirs.namespace === own.namespace;
  if (from !== "Selector") return false;
  const home = reader.get("namespaces", "", theirs.namespace ?? "");
  return home !== undefined && selects(selector, home.metadata.labels);
}

/** One that is no selector selects nothing: the definition's schema lets operators through that do not exist. */
function selects(
  selector: Parameters<typeof labelSelector>[0],
  labels: Record<string, string> | undefined,
): boolean {
  try {
    return labelSelector(selector).matches(labels);
  } catch (error) {
    if (error instanceof StatusError) return false;
    throw error;
  }
}
