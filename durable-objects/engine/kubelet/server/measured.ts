/** What runs on a node and what it uses, measured at the moment of asking. */
import { parseTime } from "../../core/clock.ts";
import { systemOverhead } from "../../core/machine-facts.ts";
import { objectKey } from "../../core/object.ts";
import { runtimeContext, runtime } from "../../cri/runtime.ts";
import type { PersistentVolume } from "../../kinds/storage/persistent-volume.ts";
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { Node } from "../../kinds/node.ts";
import { type Container, type Pod, podContainers } from "../../kinds/pod/types.ts";
import { value } from "../../machinery/quantity.ts";
import type { Client } from "../../ports/controller.ts";
import { kubeletTable, type PodRecord } from "../record.ts";

export interface Usage {
  cpuMilli: number;
  /** Since it was started. */
  cpuSeconds: number;
  memoryBytes: number;
}

export interface MeasuredContainer extends Usage {
  container: Container;
  id: string;
  image: string;
  startedAtMs: number;
  /** Its writable layer and its logs. */
  diskBytes: number;
}

export interface MeasuredVolume {
  name: string;
  usedBytes: number;
  capacityBytes: number;
  claim?: string;
}

export interface MeasuredPod extends Usage {
  pod: Pod;
  startedAtMs: number;
  containers: MeasuredContainer[];
  volumes: MeasuredVolume[];
}

export interface MeasuredNode extends Usage {
  name: string;
  /** What runs beside Pods, and all Pods together. */
  systemContainers: Readonly<Record<"kubelet" | "runtime" | "pods", Usage>>;
  nowMs: number;
  startedAtMs: number;
  memoryCapacityBytes: number;
  diskCapacityBytes: number;
  info: Readonly<Record<"bootID" | "machineID" | "systemUUID", string>>;
  pods: MeasuredPod[];
}

/** Which part of what runs beside Pods is the kubelet, and which the container runtime: the rest is the system itself. */
const kubeletShare = { cpu: 0.5, memory: 0.25 };
const runtimeShare = { cpu: 0.3, memory: 0.15 };

const partOf = (whole: Usage, { cpu, memory }: typeof kubeletShare): Usage => ({
  cpuMilli: whole.cpuMilli * cpu,
  cpuSeconds: whole.cpuSeconds * cpu,
  memoryBytes: Math.round(whole.memoryBytes * memory),
});

function sum(parts: readonly Usage[]): Usage {
  const all: Usage = { cpuMilli: 0, cpuSeconds: 0, memoryBytes: 0 };
  for (const part of parts) {
    all.cpuMilli += part.cpuMilli;
    all.cpuSeconds += part.cpuSeconds;
    all.memoryBytes += part.memoryBytes;
  }
  return all;
}

/** Everything that runs on a node. */
export function measure(client: Client, node: Node): MeasuredNode {
  const pods = client
    .byIndex<Pod>("pod.node", node.metadata.name)
    .flatMap((pod) => measurePod(client, node, pod) ?? []);
  const startedAtMs = parseTime(node.metadata.creationTimestamp);
  const system: Usage = {
    ...systemOverhead,
    cpuSeconds: (systemOverhead.cpuMilli * (client.now - startedAtMs)) / 1e6,
  };
  const { bootID = "", machineID = "", systemUUID = "" } = node.status?.nodeInfo ?? {};
  return {
    name: node.metadata.name,
    nowMs: client.now,
    startedAtMs,
    memoryCapacityBytes: value(node.status?.capacity?.["memory"]),
    diskCapacityBytes: diskBytesOf(node),
    info: { bootID, machineID, systemUUID },
    systemContainers: {
      kubelet: partOf(system, kubeletShare),
      runtime: partOf(system, runtimeShare),
      pods: sum(pods),
    },
    pods,
    ...sum([system, ...pods]),
  };
}

const diskBytesOf = (node: Node): number => value(node.status?.capacity?.["ephemeral-storage"]);

function measurePod(client: Client, node: Node, pod: Pod): MeasuredPod | undefined {
  const { namespace, name } = pod.metadata;
  const key = objectKey(namespace, name);
  const record = client.records.get<PodRecord>(kubeletTable, key);
  if (!record || record.done || !record.sandbox) return undefined;
  const context = runtimeContext(client);
  const containers: MeasuredContainer[] = [];
  for (const { container } of podContainers(pod.spec)) {
    const known = record.containers[container.name];
    if (known?.state !== "running" || known.id === undefined) continue;
    containers.push({
      ...runtime.usage(context, key, known.id),
      container: container as Container,
      id: known.id,
      image: known.image ?? container.image ?? "",
      startedAtMs: known.startedAtMs ?? client.now,
      diskBytes: runtime.containerBytes?.(context, key, known.id) ?? 0,
    });
  }
  const volumes = measureVolumes(client, node, pod, record.uid);
  return { pod, startedAtMs: record.startedAtMs, containers, volumes, ...sum(containers) };
}

/** Volumes that live in memory or on the node's disk are as large as that. */
function measureVolumes(client: Client, node: Node, pod: Pod, uid: string): MeasuredVolume[] {
  const context = runtimeContext(client);
  const bytes = (owner: string, name: string): number =>
    runtime.volumeBytes?.(context, owner, name) ?? 0;
  const measured: MeasuredVolume[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const { name, persistentVolumeClaim } = volume;
    if (volume.hostPath) continue;
    if (!persistentVolumeClaim) {
      const capacityBytes = value(volume.emptyDir?.sizeLimit) || diskBytesOf(node);
      measured.push({ name, usedBytes: bytes(uid, name), capacityBytes });
      continue;
    }
    const claim = persistentVolumeClaim.claimName;
    const { namespace = "" } = pod.metadata;
    const bound = client.get<PersistentVolumeClaim>("persistentvolumeclaims", namespace, claim);
    const volumeName = bound?.spec?.volumeName ?? "";
    const persistent = client.get<PersistentVolume>("persistentvolumes", "", volumeName);
    if (!persistent) continue;
    const capacityBytes = value(persistent.spec?.capacity?.["storage"]);
    measured.push({ name, usedBytes: bytes("pv", volumeName), capacityBytes, claim });
  }
  return measured;
}
