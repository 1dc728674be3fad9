/** Whether a Node has a machine, and that has power. */
import type { KubeObject } from "../core/object.ts";
import type { Reader } from "../ports/controller.ts";

export const powerAnnotation = "podyard.dev/power";
/** "true": Podyard runs a machine for this Node. One made by hand without it is an entry that nobody answers for. */
export const machineAnnotation = "podyard.dev/machine";

/** Whether a kubelet runs there: it has a machine, and the machine has power. */
export function hasPower(node: KubeObject): boolean {
  const annotations = node.metadata.annotations;
  return annotations?.[machineAnnotation] === "true" && annotations[powerAnnotation] !== "off";
}

/** A node without power: its kubelet does nothing, nothing on it runs or answers. */
export function nodeIsDown(reader: Reader, nodeName: string): boolean {
  const node = reader.get("nodes", "", nodeName);
  return node !== undefined && !hasPower(node);
}
