/** Pod templates of workloads, and how many of their Pods are in which phase. k8s: kubectl/pkg/describe DescribePodTemplate */
import type { TopologySpreadConstraint } from "kubernetes-types/core/v1";
import { labelSelector } from "../../machinery/selectors.ts";
import type { PodTemplateSpec } from "../../kinds/pod/types.ts";
import { byText } from "../go/json.ts";
import type { Work } from "../work.ts";
import { writeContainers } from "./containers.ts";
import { controllerOf, none, type Meta, type Out } from "./out.ts";
import { podsOf, type Settings } from "./reach.ts";
import { writeVolumes } from "./volumes.ts";

export function writeTemplate(out: Out, template: PodTemplateSpec | undefined): void {
  out.write("Pod Template:\n");
  if (!template) return out.write("<unset>", 1);
  const { metadata, spec } = template;
  const indent = "  ";
  out.labels("  Labels", metadata?.labels);
  const { annotations = {} } = metadata ?? {};
  if (Object.keys(annotations).length) out.annotations("  Annotations", annotations);
  if (spec.serviceAccountName) out.field("Service Account", spec.serviceAccountName, 1);
  if (spec.initContainers?.length)
    writeContainers(out, "Init Containers", spec.initContainers, { indent });
  writeContainers(out, "Containers", spec.containers, { indent });
  writeVolumes(out, spec.volumes, indent);
  writeSpread(out, spec.topologySpreadConstraints, indent);
  if (spec.priorityClassName) out.field("Priority Class Name", spec.priorityClassName, 1);
  out.labels("  Node-Selectors", spec.nodeSelector);
  out.tolerations("  Tolerations", spec.tolerations);
}

export function writeSpread(
  out: Out,
  constraints: readonly TopologySpreadConstraint[] = [],
  indent = "",
): void {
  if (constraints.length === 0) return;
  const sorted = constraints.toSorted((a, b) => byText(a.topologyKey, b.topologyKey));
  const texts = sorted.map((one) => {
    const selector = one.labelSelector ? ` for selector ${selectorText(one.labelSelector)}` : "";
    return `${one.topologyKey}:${one.whenUnsatisfiable} when max skew ${one.maxSkew} is exceeded${selector}`;
  });
  out.column("Topology Spread Constraints", texts, indent);
}

/** k8s: apimachinery/pkg/apis/meta/v1 FormatLabelSelector */
export const selectorText = (selector: Parameters<typeof labelSelector>[0]): string =>
  labelSelector(selector).toString() || none;

/** `1 Running / 0 Waiting / 0 Succeeded / 0 Failed` of the Pods that a controller owns. */
export function* podsStatus(settings: Settings, owner: Meta, selector: string): Work<string> {
  const pods = yield* podsOf(settings, owner.namespace, [["labelSelector", selector]]);
  const own = pods.filter(({ metadata }) => controllerOf(metadata as Meta)?.uid === owner.uid);
  const count = (phase: string): number =>
    own.filter(({ status }) => status?.phase === phase).length;
  return `${count("Running")} Running / ${count("Pending")} Waiting / ${count("Succeeded")} Succeeded / ${count("Failed")} Failed`;
}
