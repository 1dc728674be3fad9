/** A Pod may not grow beyond what its node could ever give. k8s: plugin/pkg/admission/podresize PodResizeValidator */
import type { Node } from "../../kinds/node.ts";
import { podRequests } from "../../kinds/pod/resources.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { milliValue, value } from "../../machinery/quantity.ts";
import { refused, type AdmissionRule } from "./define.ts";

function tooMuch({ spec }: Pod, { status }: Node): string | undefined {
  const { cpu, memory } = podRequests({ spec });
  const { allocatable = {} } = status ?? {};
  const given = { cpu: milliValue(allocatable["cpu"]), memory: value(allocatable["memory"]) };
  const problems = [
    ...(cpu > given.cpu ? [`cpu, requested: ${cpu}, allocatable: ${given.cpu}`] : []),
    ...(memory > given.memory
      ? [`memory, requested: ${memory}, allocatable: ${given.memory}`]
      : []),
  ];
  if (problems.length === 0) return undefined;
  return `node didn't have enough allocatable resources: ${problems.join("; ")}`;
}

export const podResize: AdmissionRule = {
  name: "PodResizeValidator",
  resources: ["pods"],
  validate(admission, object, old, { reader }) {
    if (admission.operation !== "UPDATE" || admission.subresource !== "resize") return;
    const pod = object as Pod;
    const { nodeName } = pod.spec;
    if (!nodeName || old?.metadata.generation === pod.metadata.generation) return;
    const node = reader.get<Node>("nodes", "", nodeName);
    if (!node) throw refused(admission, object, `node "${nodeName}" not found`);
    const system = node.metadata.labels?.["kubernetes.io/os"] ?? "linux";
    if (system !== "linux") {
      const problem = `pod resize is only supported on linux nodes, node "${nodeName}" is "${system}"`;
      throw refused(admission, object, problem, [{ reason: "UnsupportedPlatform" }]);
    }
    const problem = tooMuch(pod, node);
    if (problem) throw refused(admission, object, problem, [{ reason: "NodeCapacity" }]);
  },
};
