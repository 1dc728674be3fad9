/** Whether a Node has a machine, and that has power. */
import type { KubeObject } from "../core/object.ts";
import type { Reader } from "../ports/controller.ts";

export const powerAnnotation = "podyard.dev/power";
/** "true": Podyard runs a machine for this Node. One made by hand without it is an entry that nobody answers for. */
export const machineAnnotation = "podyard.dev/machine";

/** "stopped": the machine runs, its kubelet does not. Written by Podyard, as the machine's services say (runtime/node/services.ts). */
export const kubeletAnnotation = "podyard.dev/kubelet";

/** Whether it has a machine, and the machine has power. */
export function hasPower(node: KubeObject): boolean {
  const annotations = node.metadata.annotations;
  return annotations?.[machineAnnotation] === "true" && annotations[powerAnnotation] !== "off";
}

/** Whether a kubelet runs there. */
export const hasKubelet = (node: KubeObject): boolean =>
  hasPower(node) && node.metadata.annotations?.[kubeletAnnotation] !== "stopped";

/** A node with power whose kubelet is stopped: what runs there goes on, and nobody looks after it. */
export function kubeletIsStopped(reader: Reader, nodeName: string): boolean {
  const node = reader.get("nodes", "", nodeName);
  return node !== undefined && hasPower(node) && !hasKubelet(node);
}

/** A node without power: its kubelet does nothing, nothing on it runs or answers. */
export function nodeIsDown(reader: Reader, nodeName: string): boolean {
  const node = reader.get("nodes", "", nodeName);
  return node !== undefined && !hasPower(node);
}

/** The address by which the cluster knows a node; "" where it has told none yet. */
export const internalIp = (
  node: { status?: { addresses?: { type: string; address: string }[] } } | undefined,
): string => node?.status?.addresses?.find(({ type }) => type === "InternalIP")?.address ?? "";
