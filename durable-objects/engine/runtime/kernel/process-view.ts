/**
 * Which processes one can see: those of its pid namespace, or with hostPID all of its node. A node's processes are worked
 * out when read: its services, and what the Pods on it run.
 */
import { type KubeObject, objectKey } from "../../core/object.ts";
import { parseTime } from "../../core/clock.ts";
import { fnv32a, hex32 } from "../../core/random.ts";
import { service } from "../node/services.ts";
import { units } from "../node/units.ts";
import { machineKey, nodeOfKey } from "../machine-key.ts";
import type { Kernel, Program, RuntimeContext } from "./types.ts";
import type { PodRecord, Process } from "./state.ts";

/** Pids of a node: its services below, then a range for each Pod. A process key holds five digits of pid. */
const firstPodPid = 2_000;
const podPids = 250;
const podRanges = 380;
/** Room between the processes of other Pods, for what `Program.shadow` adds. */
const pidStep = 6;

/** Stands for what runs on a node and is simulated elsewhere. */
export const nodeService: Program<{ mb: number }> = {
  name: "node-service",
  start: () => ({ mb: 1 }),
  step: () => ({ wait: {} }),
  memoryBytes: (state) => state.mb * 1_048_576,
};

/** A process as its node sees it, and where it lives. Its `parent` is minus its parent's pid on the node. */
export interface NodeProcess {
  process: Process;
  /** Pod and key of a process that runs in one; absent: a service of the node. */
  pod?: string;
  key?: number;
}

const serviceProcess = (
  pid: number,
  pp: number,
  words: string[],
  mb: number,
  t: number,
): Process => ({
  container: "",
  pidNamespace: 0,
  pid,
  parent: -pp,
  program: nodeService.name,
  args: words,
  state: { mb },
  wait: {},
  startedAtMs: t,
  uid: 0,
});

/** Those that run, by pid. */
function services(context: RuntimeContext, node: string): NodeProcess[] {
  const running = units.flatMap(({ name, words, megabytes }): NodeProcess[] => {
    const { state, pid, sinceMs } = service(context, node, name);
    return state === "active"
      ? [{ process: serviceProcess(pid, 1, words, megabytes, sinceMs) }]
      : [];
  });
  return running.sort((a, b) => a.process.pid - b.process.pid);
}

const rangeAt = (range: number): number => firstPodPid + range * podPids;

interface Neighbour {
  key: string;
  uid: string;
  record: Partial<PodRecord>;
}

/** What runs on a node by hand, then its Pods that have run something, oldest first. */
function neighbours(context: RuntimeContext, node: string): Neighbour[] {
  const machine = context.records.get<PodRecord>("runtime", machineKey(node));
  const pods = podNeighbours(context, node);
  return machine
    ? [{ key: machineKey(node), uid: machine.pod.uid, record: machine }, ...pods]
    : pods;
}

function podNeighbours(context: RuntimeContext, node: string): Neighbour[] {
  const pods = context.reader.byIndex<KubeObject>("pod.node", node);
  const born = (pod: KubeObject): string => pod.metadata.creationTimestamp ?? "";
  return [...pods]
    .sort((a, b) => (born(a) < born(b) ? -1 : born(a) > born(b) ? 1 : 0))
    .flatMap(({ metadata }) => {
      const key = objectKey(metadata.namespace, metadata.name);
      const record = context.records.get<Partial<PodRecord>>("runtime", key);
      return record?.pod ? [{ key, uid: record.pod.uid, record }] : [];
    });
}

function freeRange(taken: ReadonlySet<number>, uid: string): number {
  let range = fnv32a(uid) % podRanges;
  while (taken.has(rangeAt(range)) && taken.size < podRanges) range = (range + 1) % podRanges;
  return rangeAt(range);
}

/** First pid of a new Pod that lives among its node's processes. */
export function hostPidBase(context: RuntimeContext, node: string, uid: string): number {
  const taken = new Set<number>();
  for (const { record } of neighbours(context, node))
    if (record.hostPidBase !== undefined) taken.add(record.hostPidBase);
  return freeRange(taken, uid);
}

/** The next pid in a Pod's range. */
export function nextHostPid(base: number, last: number): number {
  return last + 1 >= base + podPids || last < base ? base + 3 : last + 1;
}

/** Everything that runs on a node. `own`: the Pod that looks, whose processes it holds itself. */
export function nodeProcesses(kernel: Kernel): NodeProcess[] {
  const { context } = kernel;
  const { node } = kernel.pod.pod;
  const made = context.reader.get<KubeObject>("nodes", "", node)?.metadata.creationTimestamp;
  const since = made === undefined ? 0 : parseTime(made);
  const init = serviceProcess(1, 0, ["/sbin/init"], 13, since);
  const out: NodeProcess[] = [{ process: init }, ...services(context, node)];
  const all = neighbours(context, node);
  const taken = new Set<number>();
  for (const { record } of all) if (record.hostPidBase !== undefined) taken.add(record.hostPidBase);
  if (kernel.pod.hostPidBase !== undefined) taken.add(kernel.pod.hostPidBase);
  for (const { key, uid } of all) {
    const own = key === kernel.key;
    const pod = own ? kernel : kernel.otherPod(key);
    if (!pod) continue;
    const base = pod.pod.hostPidBase ?? freeRange(taken, uid);
    taken.add(base);
    out.push(...podProcesses(pod, base));
  }
  return out;
}

function podProcesses(kernel: Kernel, base: number): NodeProcess[] {
  const { pod } = kernel;
  const alive = Object.values(pod.containers).some((container) => !container.exit);
  if (!alive) return [];
  const began = Math.min(
    ...Object.values(pod.containers).map((container) => container.startedAtMs),
  );
  const numbers = hostNumbers(pod, base);
  const machine = nodeOfKey(kernel.key) !== undefined;
  const seen = [...numbers].map(([key, pid]) => {
    const process = pod.processes[key] as Process;
    const parent = numbers.get(process.parent) ?? (machine ? 1 : base + 1);
    const seenAs = { ...process, container: "", pid, parent: -parent };
    return { process: { ...seenAs, uid: uidOf(kernel, process) }, pod: kernel.key, key };
  });
  if (machine) return seen;
  const id = hex32(fnv32a(pod.pod.uid)).repeat(8);
  const shim = ["/usr/bin/containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", id];
  shim.push("-address", "/run/containerd/containerd.sock");
  const pause = serviceProcess(base + 2, base + 1, ["/pause"], 1, began);
  return [
    { process: serviceProcess(base + 1, 1, shim, 12, began) },
    { process: { ...pause, uid: 65_535 } },
    ...seen,
  ];
}

/** A Pod's processes as its node numbers them, by key. */
function hostNumbers(pod: PodRecord, base: number): Map<number, number> {
  const numbers = new Map<number, number>();
  const taken = new Set<number>();
  for (const name in pod.processes) {
    const process = pod.processes[name];
    if (!process || process.container === "pause") continue;
    let pid = process.pid;
    if (pod.hostPidBase === undefined) {
      const room = podPids - 3;
      let at = ((process.pidNamespace * 13 + process.pid) % 41) * pidStep;
      while (taken.has(at)) at = (at + 1) % room;
      taken.add(at);
      pid = base + 3 + at;
    }
    numbers.set(Number(name), pid);
  }
  return numbers;
}

/** Who a process of this Pod (or one its node showed it) runs as. */
export function uidOf(kernel: Kernel, process: Process): number {
  if (kernel.pod.containers[process.container])
    return kernel.container(process.container).credentials(process).uid;
  return process.uid ?? 65_535;
}

/** What a process of this namespace sees, by pid. */
export function visibleProcesses(kernel: Kernel, ns: number): Process[] {
  const own = Object.values(kernel.pod.processes).filter((process) => process.pidNamespace === ns);
  const others = kernel.pod.hostPidBase === undefined ? [] : nodeProcesses(kernel);
  const foreign = others.filter(({ pod }) => pod !== kernel.key).map(({ process }) => process);
  return [...own, ...foreign].sort((a, b) => a.pid - b.pid);
}

/** A parent's pid as this Pod sees it. */
export function parentPid(kernel: Kernel, process: Process): number {
  if (process.container === "") return 0 - process.parent;
  const parent = kernel.process(process.parent)?.pid;
  if (parent !== undefined) return parent;
  if (nodeOfKey(kernel.key) !== undefined) return 1;
  return kernel.pod.hostPidBase === undefined ? 0 : kernel.pod.hostPidBase + 1;
}
