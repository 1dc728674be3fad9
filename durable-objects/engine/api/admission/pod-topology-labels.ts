/** A Pod is labelled with the zone and region of its node. k8s: plugin/pkg/admission/podtopologylabels */
import type { KubeObject } from "../../core/object.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { Reader } from "../../ports/controller.ts";
import type { AdmissionRule } from "./define.ts";

/** k8s: podtopologylabels/admission.go PluginName, Register */
const copied = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/** The object with what its node says of where it stands; the same one where it says nothing. */
export function withTopologyLabels<T extends KubeObject>(
  object: T,
  node: string,
  reader: Reader,
): T {
  const labels = reader.get("nodes", "", node)?.metadata.labels ?? {};
  const own = copied.filter((label) => labels[label] !== undefined);
  if (own.length === 0) return object;
  const taken = Object.fromEntries(own.map((label) => [label, labels[label] as string]));
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...taken } } };
}

/** Of Pods that name their node themselves; others get theirs with it (subresources/binding.ts). */
export const podTopologyLabels: AdmissionRule = {
  name: "PodTopologyLabels",
  resources: ["pods"],
  admit({ operation, subresource }, object, _old, { reader }) {
    const node = (object as Pod).spec.nodeName;
    if (operation !== "CREATE" || subresource || !node) return object;
    return withTopologyLabels(object, node, reader);
  },
};
