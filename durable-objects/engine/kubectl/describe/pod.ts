/** k8s: kubectl/pkg/describe describePod */
import { ageOf } from "../../machinery/duration.ts";
import { qosClass } from "../../kinds/pod/resources.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { type FieldReader, writeContainers, writeResources } from "./containers.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import { controllerText, dateText, none, type Meta, type Out } from "./out.ts";
import { eventsOf } from "./reach.ts";
import { writeSpread } from "./pod-template.ts";
import { writeVolumes } from "./volumes.ts";

const mirror = "kubernetes.io/config.mirror";

/** Fields that a client knows the names of. k8s: apimachinery/pkg/runtime DefaultMetaV1FieldSelectorConversion */
const readerOf =
  ({ metadata }: Pod): FieldReader =>
  (path) => {
    const [, field] = /^metadata\.(name|namespace)$/.exec(path) ?? [];
    return field ? String(metadata[field as "name"] ?? "") : "";
  };

function writeIdentity(out: Out, pod: Pod, now: number): void {
  const { metadata, spec, status = {} } = pod;
  out.field("Name", metadata.name);
  out.field("Namespace", metadata.namespace);
  if (spec.priority !== undefined) out.field("Priority", spec.priority);
  if (spec.priorityClassName) out.field("Priority Class Name", spec.priorityClassName);
  if (spec.runtimeClassName) out.field("Runtime Class Name", spec.runtimeClassName);
  if (spec.serviceAccountName) out.field("Service Account", spec.serviceAccountName);
  out.field("Node", spec.nodeName ? `${spec.nodeName}/${status.hostIP ?? ""}` : none);
  if (status.startTime) out.field("Start Time", dateText(status.startTime));
  out.labels("Labels", metadata.labels);
  out.annotations("Annotations", metadata.annotations);
  const ended = status.phase === "Failed" || status.phase === "Succeeded";
  if (metadata.deletionTimestamp && !ended) {
    out.field("Status", `Terminating (lasts ${ageOf(metadata.deletionTimestamp, now)})`);
    out.field("Termination Grace Period", `${metadata.deletionGracePeriodSeconds ?? 0}s`);
  } else out.field("Status", status.phase);
  if (status.reason) out.field("Reason", status.reason);
  if (status.message) out.field("Message", status.message);
  const seccomp = spec.securityContext?.seccompProfile;
  if (seccomp) out.field("SeccompProfile", seccomp.type);
  if (seccomp?.type === "Localhost") out.field("LocalhostProfile", seccomp.localhostProfile);
  out.field("IP", status.podIP);
  out.write(`IPs:${status.podIPs?.length ? "" : `\t${none}`}\n`);
  for (const { ip } of status.podIPs ?? []) out.field("IP", ip, 1);
  const controller = controllerText(metadata as Meta);
  if (controller) out.field("Controlled By", controller);
  if (status.nominatedNodeName) out.field("NominatedNodeName", status.nominatedNodeName);
}

function writeConditions(out: Out, { spec, status = {} }: Pod): void {
  const conditions = status.conditions ?? [];
  const row = (type: string, state: string): void => out.row(1, `${type} `, `${state} `);
  if (spec.readinessGates?.length) {
    out.write("Readiness Gates:\n  Type\tStatus\n");
    for (const { conditionType } of spec.readinessGates)
      row(conditionType, conditions.find(({ type }) => type === conditionType)?.status ?? none);
  }
  if (conditions.length) out.write("Conditions:\n  Type\tStatus\n");
  for (const { type, status: state } of conditions) row(type, state);
}

export const pod: Describer<Pod> = function* (settings, object, out) {
  const { metadata, spec, status = {} } = object;
  const uid = metadata.annotations?.[mirror] ?? metadata.uid;
  const events = yield* eventsOf(settings, { metadata: { ...(metadata as Meta), uid } });
  writeIdentity(out, object, settings.now);
  if (spec.resources) out.write("Resources:\n");
  writeResources(out, spec.resources, 1);
  const read = readerOf(object);
  if (spec.initContainers?.length)
    writeContainers(out, "Init Containers", spec.initContainers, {
      statuses: status.initContainerStatuses ?? [],
      read,
    });
  writeContainers(out, "Containers", spec.containers, {
    statuses: status.containerStatuses ?? [],
    read,
  });
  if (spec.ephemeralContainers?.length)
    writeContainers(out, "Ephemeral Containers", spec.ephemeralContainers, {
      statuses: status.ephemeralContainerStatuses ?? [],
      read,
    });
  writeConditions(out, object);
  writeVolumes(out, spec.volumes);
  out.field("QoS Class", status.qosClass || qosClass(object));
  out.labels("Node-Selectors", spec.nodeSelector);
  out.tolerations("Tolerations", spec.tolerations);
  writeSpread(out, spec.topologySpreadConstraints);
  if (spec.schedulingGroup) {
    out.write("SchedulingGroup:\n");
    out.field("PodGroupName", spec.schedulingGroup.podGroupName, 1);
  }
  writeEvents(out, events, settings.now);
};
