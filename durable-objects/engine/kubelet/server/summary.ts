/** /stats/summary. Traffic of the network is not counted here, so nothing is told of it. k8s: kubelet/pkg/apis/stats/v1alpha1 */
import { rfc3339 } from "../../core/clock.ts";
import type {
  MeasuredContainer,
  MeasuredNode,
  MeasuredPod,
  MeasuredVolume,
  Usage,
} from "./measured.ts";
import { cpuPressure, ofNode, psiOf, together, type Pressure } from "./pressure.ts";

/** What one look is about: a node, and the moment as text. */
interface Look {
  node: MeasuredNode;
  time: string;
  /** `only_cpu_and_memory`. */
  brief: boolean;
  /** Of its disk. */
  usedBytes: number;
}

const cpuOf = ({ time }: Look, { cpuMilli, cpuSeconds }: Usage, pressure?: Pressure) => ({
  time,
  usageNanoCores: Math.round(cpuMilli * 1e6),
  usageCoreNanoSeconds: Math.round(cpuSeconds * 1e9),
  psi: psiOf(pressure),
});

const ioOf = ({ time, brief }: Look): object => (brief ? {} : { io: { time, psi: psiOf() } });

/** Nothing is cached by a simulated kernel, so that all is resident and in the working set. */
const memoryOf = ({ time }: Look, { memoryBytes }: Usage, limit?: number) => ({
  time,
  ...(limit ? { availableBytes: Math.max(limit - memoryBytes, 0) } : {}),
  usageBytes: memoryBytes,
  workingSetBytes: memoryBytes,
  rssBytes: memoryBytes,
  psi: psiOf(),
});

const diskOf = (
  { time }: Look,
  usedBytes: number,
  capacityBytes: number,
  free = capacityBytes - usedBytes,
) => ({
  time,
  availableBytes: Math.max(free, 0),
  capacityBytes,
  usedBytes,
});

/** What something takes of the node's disk, on which all of them lie. */
const shareOf = (look: Look, bytes: number) => {
  const { diskCapacityBytes: capacity } = look.node;
  return diskOf(look, bytes, capacity, capacity - look.usedBytes);
};

function containerOf(look: Look, measured: MeasuredContainer, limit: number | undefined) {
  const disk = look.brief ? {} : { rootfs: shareOf(look, measured.diskBytes) };
  return {
    name: measured.container.name,
    startTime: rfc3339(measured.startedAtMs),
    cpu: cpuOf(look, measured, cpuPressure(measured, look.node.nowMs)),
    memory: memoryOf(look, measured, limit),
    ...ioOf(look),
    ...disk,
  };
}

const volumeOf = (look: Look, namespace: string, volume: MeasuredVolume) => {
  const { usedBytes, capacityBytes, name, claim } = volume;
  return {
    ...diskOf(look, usedBytes, capacityBytes),
    name,
    ...(claim === undefined ? {} : { pvcRef: { name: claim, namespace } }),
  };
};

const ownBytes = ({ containers, volumes }: MeasuredPod): number =>
  containers.reduce((all, { diskBytes }) => all + diskBytes, 0) +
  volumes.reduce((all, { claim, usedBytes }) => all + (claim === undefined ? usedBytes : 0), 0);

function podOf(look: Look, measured: MeasuredPod, limitOf: LimitOf) {
  const { pod, containers, volumes } = measured;
  const { name, namespace = "", uid } = pod.metadata;
  const pressures = containers.map((one) => cpuPressure(one, look.node.nowMs));
  const disk = look.brief
    ? {}
    : {
        ...(volumes.length > 0 ? { volume: volumes.map((v) => volumeOf(look, namespace, v)) } : {}),
        "ephemeral-storage": shareOf(look, ownBytes(measured)),
      };
  return {
    podRef: { name, namespace, uid },
    startTime: rfc3339(measured.startedAtMs),
    containers: containers.map((one) => containerOf(look, one, limitOf(one))),
    cpu: cpuOf(look, measured, together(pressures)),
    memory: memoryOf(look, measured),
    ...ioOf(look),
    ...disk,
  };
}

type LimitOf = (container: MeasuredContainer) => number | undefined;

/** k8s: pkg/kubelet/server/stats/summary_sys_containers.go GetSystemContainersStats */
const systemContainersOf = (look: Look): object[] =>
  Object.entries(look.node.systemContainers).map(([name, usage]) => ({
    name,
    startTime: rfc3339(look.node.startedAtMs),
    cpu: cpuOf(look, usage, name === "pods" ? ofNode(look.node) : undefined),
    memory: memoryOf(look, usage),
    ...ioOf(look),
  }));

/** The whole Summary. */
export function summaryOf(node: MeasuredNode, brief: boolean, limitOf: LimitOf): object {
  const usedBytes = node.pods.reduce((all, pod) => all + ownBytes(pod), 0);
  const look: Look = { node, time: rfc3339(node.nowMs), brief, usedBytes };
  const own = {
    nodeName: node.name,
    systemContainers: systemContainersOf(look),
    startTime: rfc3339(node.startedAtMs),
    cpu: cpuOf(look, node, ofNode(node)),
    memory: memoryOf(look, node, node.memoryCapacityBytes),
    ...ioOf(look),
    ...(brief ? {} : { fs: shareOf(look, usedBytes) }),
  };
  return { node: own, pods: node.pods.map((pod) => podOf(look, pod, limitOf)) };
}
