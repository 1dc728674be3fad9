import type { ObjectRef } from "../desk/desk.ts";
import type { PodView } from "./pod-view.ts";
import type { NodeView, Scene } from "./scene.ts";
import type { ServiceView } from "./services.ts";

/** What the picture shows that is not as wished. */

export const isPodTroubled = ({ state: { shape } }: PodView): boolean =>
  shape !== "ready" && shape !== "completed";

const isNodeTroubled = ({ ready, cordoned }: NodeView): boolean => !ready || cordoned;

export const isServiceTroubled = ({ ready, leftOut }: ServiceView): boolean =>
  leftOut.length > 0 || ready.length === 0;

/** How the object is, in the picture's words; undefined: as wished, or not in the picture. */
export function troubleOf(scene: Scene, ref: ObjectRef | undefined): string | undefined {
  if (!ref) return undefined;
  const isIt = (one: { ref: ObjectRef }): boolean => one.ref.path === ref.path;
  const pod = scene.pods.find(isIt);
  if (pod) return isPodTroubled(pod) ? pod.state.word : undefined;
  const node = scene.nodes.find(isIt);
  if (node) {
    if (!isNodeTroubled(node)) return undefined;
    return node.ready ? "cordoned" : "not ready";
  }
  const service = scene.services.find(isIt);
  return service && isServiceTroubled(service) ? service.word : undefined;
}
