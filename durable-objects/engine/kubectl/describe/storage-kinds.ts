/** PersistentVolume, PersistentVolumeClaim, StorageClass, CSINode, VolumeAttributesClass. k8s: kubectl/pkg/describe */
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  VolumeNodeAffinity,
} from "kubernetes-types/core/v1";
import type { CSINode, StorageClass } from "kubernetes-types/storage/v1";
import { ageOf } from "../../machinery/duration.ts";
import { byText } from "../go/json.ts";
import { classOf, modesText, writeClaim } from "./claim.ts";
import { amount } from "./containers.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import { boolText, dateText, labelsText, none, type Meta, type Out } from "./out.ts";
import { eventsOf, podsOf } from "./reach.ts";
import { writeSource } from "./volumes.ts";

const metaOf = (object: { metadata?: object }): Meta => (object.metadata ?? {}) as Meta;
const statusText = (meta: Meta, phase: string | undefined, now: number): string =>
  meta.deletionTimestamp
    ? `Terminating (lasts ${ageOf(meta.deletionTimestamp, now)})`
    : (phase ?? "");

function writeAffinity(out: Out, affinity: VolumeNodeAffinity | undefined): void {
  const required = affinity?.required;
  out.write(`Node Affinity:\t${required ? "" : none}\n`);
  if (!required) return;
  const terms = required.nodeSelectorTerms;
  out.write(`Required Terms:\t${terms.length ? "" : none}\n`, 1);
  terms.forEach(({ matchExpressions = [] }, i) => {
    out.write(`Term ${i}:\t${matchExpressions.length ? "" : `${none}\n`}`, 2);
    matchExpressions.forEach(({ key, operator, values = [] }, j) => {
      if (j) out.write("\t", 2);
      out.write(
        `${key} ${operator.toLowerCase()}${values.length ? ` [${values.join(", ")}]` : ""}\n`,
      );
    });
  });
}

export const persistentVolume: Describer<PersistentVolume> = function* (settings, object, out) {
  const meta = metaOf(object);
  const { spec = {}, status = {} } = object;
  const events = yield* eventsOf(settings, { kind: "PersistentVolume", metadata: meta });
  out.head(meta, { namespaced: false });
  out.field("Finalizers", meta.finalizers ?? []);
  out.field("StorageClass", classOf(meta, spec));
  out.field("Status", statusText(meta, status.phase, settings.now));
  const { claimRef } = spec;
  out.field("Claim", claimRef ? `${claimRef.namespace ?? ""}/${claimRef.name ?? ""}` : "");
  out.field("Reclaim Policy", spec.persistentVolumeReclaimPolicy);
  out.field("Access Modes", modesText(spec.accessModes));
  if (spec.volumeMode) out.field("VolumeMode", spec.volumeMode);
  out.field("Capacity", amount(spec.capacity?.["storage"]));
  writeAffinity(out, spec.nodeAffinity);
  out.field("Message", status.message);
  out.write("Source:\n");
  if (!writeSource(out, spec)) out.lines(1, "<unknown>");
  writeEvents(out, events, settings.now);
};

/** Pods that use a claim, or own it. k8s: describe.go getPodsForPVC */
function usersOf(meta: Meta, pods: readonly Pod[]): string[] {
  const owners = (meta.ownerReferences ?? []).flatMap(({ kind, uid }) =>
    kind === "Pod" ? [uid] : [],
  );
  const uses = ({ spec }: Pod): boolean =>
    (spec?.volumes ?? []).some((one) => one.persistentVolumeClaim?.claimName === meta.name);
  return pods
    .filter((pod) => uses(pod) || owners.includes(metaOf(pod).uid ?? ""))
    .map((pod) => metaOf(pod).name ?? "")
    .toSorted(byText);
}

export const persistentVolumeClaim: Describer<PersistentVolumeClaim> = function* (
  settings,
  object,
  out,
) {
  const meta = metaOf(object);
  const { status = {} } = object;
  const pods = yield* podsOf(settings, meta.namespace);
  const events = yield* eventsOf(settings, { kind: "PersistentVolumeClaim", metadata: meta });
  out.field("Name", meta.name);
  out.field("Namespace", meta.namespace);
  writeClaim(out, object, { status: statusText(meta, status.phase, settings.now) });
  out.column("Used By", usersOf(meta, pods));
  if (status.conditions?.length) {
    out.write("Conditions:\n");
    out.table(
      1,
      "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage",
      status.conditions.map((one) => [
        `${one.type} `,
        `${one.status} `,
        `${dateText(one.lastProbeTime)} `,
        `${dateText(one.lastTransitionTime)} `,
        `${one.reason ?? ""} `,
        one.message,
      ]),
      "----\t------\t-----------------\t------------------\t------\t-------",
    );
  }
  writeEvents(out, events, settings.now);
};

const defaultAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

export const storageClass: Describer<StorageClass> = function* (settings, object, out) {
  const meta = metaOf(object);
  const events = yield* eventsOf(settings, { kind: "StorageClass", metadata: meta });
  out.field("Name", meta.name);
  const isDefault = defaultAnnotations.some((name) => meta.annotations?.[name] === "true");
  out.field("IsDefaultClass", isDefault ? "Yes" : "No");
  out.field("Annotations", labelsText(meta.annotations));
  out.field("Provisioner", object.provisioner);
  out.field("Parameters", labelsText(object.parameters));
  out.field("AllowVolumeExpansion", boolText(object.allowVolumeExpansion));
  const { mountOptions = [] } = object;
  out.write(`MountOptions:${mountOptions.length ? "" : `\t${none}`}\n`);
  out.lines(1, ...mountOptions);
  if (object.reclaimPolicy) out.field("ReclaimPolicy", object.reclaimPolicy);
  if (object.volumeBindingMode) out.field("VolumeBindingMode", object.volumeBindingMode);
  if (object.allowedTopologies) {
    out.write(`AllowedTopologies:\t${object.allowedTopologies.length ? "" : none}\n`);
    object.allowedTopologies.forEach(({ matchLabelExpressions = [] }, i) => {
      out.write(`Term ${i}:\t${matchLabelExpressions.length ? "" : `${none}\n`}`, 1);
      matchLabelExpressions.forEach(({ key, values }, j) => {
        if (j) out.write("\t", 1);
        out.write(`${key} in${values.length ? ` [${values.join(", ")}]` : ""}\n`);
      });
    });
  }
  writeEvents(out, events, settings.now);
};

export const csiNode: Describer<CSINode> = function* (settings, object, out) {
  const meta = metaOf(object);
  const events = yield* eventsOf(settings, { kind: "CSINode", metadata: meta });
  out.head(meta, { namespaced: false });
  out.field("CreationTimestamp", dateText(meta.creationTimestamp));
  out.write("Spec:\n");
  // Go tells an empty list from none.
  if (object.spec.drivers) out.write("Drivers:\n", 1);
  for (const { name, nodeID, allocatable, topologyKeys } of object.spec.drivers ?? []) {
    out.write(`${name}:\n`, 2);
    out.field("Node ID", nodeID, 3);
    if (allocatable?.count !== undefined) {
      out.write("Allocatables:\n", 3);
      out.field("Count", allocatable.count, 4);
    }
    if (topologyKeys) out.field("Topology Keys", topologyKeys, 3);
  }
  writeEvents(out, events, settings.now);
};

interface VolumeAttributesClass {
  metadata?: object;
  driverName?: string;
  parameters?: Record<string, string>;
}

export const volumeAttributesClass: Describer<VolumeAttributesClass> = function* (
  settings,
  object,
  out,
) {
  const meta = metaOf(object);
  const events = yield* eventsOf(settings, { kind: "VolumeAttributesClass", metadata: meta });
  out.field("Name", meta.name);
  out.field("Annotations", labelsText(meta.annotations));
  out.field("DriverName", object.driverName);
  out.field("Parameters", labelsText(object.parameters));
  writeEvents(out, events, settings.now);
};
