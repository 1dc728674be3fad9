/**
 * The machine that a node is. What runs on it by hand (terminals, ssh, `run`) is kept as a Pod's processes are: one record in
 * the table "runtime", key `@node/NAME`, with one container whose root folder is the node's own. The services of a node are
 * simulated elsewhere and only shown among its processes (kernel/process-view.ts).
 */
import type { Node } from "../kinds/node.ts";
import { internalIp } from "../kinds/node-machine.ts";
import { machineKey } from "./machine-key.ts";
import { PodKernel } from "./kernel/kernel.ts";
import { hostPidBase } from "./kernel/process-view.ts";
import type { PodRecord } from "./kernel/state.ts";
import { emptyRecord } from "./kernel/stored-record.ts";
import type { RuntimeContext } from "./kernel/types.ts";
import { machineImage } from "./volumes/node-files.ts";
import { startMachineServices } from "./node/services.ts";
import { removeTree } from "./fs/chunks.ts";

/** The one container of a machine. */
export const machineContainer = "1";
const machineContainerId = "0".repeat(64);

function newMachine(context: RuntimeContext, node: Node): PodRecord {
  const { name, uid = "" } = node.metadata;
  const ip = internalIp(node);
  const base = hostPidBase(context, name, uid);
  return {
    ...emptyRecord({
      key: machineKey(name),
      namespace: "@node",
      name,
      uid,
      ip,
      hostIP: ip,
      node: name,
      hostname: name,
      hostNetwork: true,
      hostPID: true,
      shareProcessNamespace: false,
      dnsPolicy: "Default",
      labels: {},
    }),
    containers: {
      [machineContainer]: {
        spec: {
          id: machineContainerId,
          name,
          image: machineImage,
          machine: true,
          privileged: true,
          workingDir: "/root",
        },
        startedAtMs: Math.round(context.now),
        pidNamespace: 0,
        root: 0,
      },
    },
    nextPids: { 0: base + 3 },
    hostPidBase: base,
    next: 2,
  };
}

/** The machine of a node, loaded; it arises with the first that is asked of it. */
export function openMachine(context: RuntimeContext, node: Node): PodKernel {
  const key = machineKey(node.metadata.name);
  const known = PodKernel.load(context, key);
  if (known && known.pod.pod.uid === node.metadata.uid) return known;
  const made = new PodKernel(context, key, newMachine(context, node), true);
  made.touch();
  // The network looks up who asks: its record is there before its first command runs.
  context.records.put("runtime", key, made.pod);
  return made;
}

/** A node's power is back: nothing that ran there by hand is left, and its services start. */
export function closeMachine(context: RuntimeContext, node: string): void {
  startMachineServices(context, node);
  const kernel = PodKernel.load(context, machineKey(node));
  if (!kernel) return;
  for (const key of Object.keys(kernel.pod.processes)) kernel.exit(Number(key), 0, 9);
  for (const session of Object.values(kernel.pod.sessions)) session.exitCode ??= 137;
  removeTree(context.records, `c/${kernel.key}/${machineContainerId.slice(0, 12)}`);
  kernel.touch();
  kernel.save();
}
