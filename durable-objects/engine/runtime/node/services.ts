/**
 * The services of a node as systemd knows them: table "node-services", key NODE. A service without an entry has run since its
 * machine started. Whoever changes one wakes the kubelet's key of the machine, which follows (kubelet/service.ts).
 */
import { parseTime } from "../../core/clock.ts";
import type { Records } from "../../ports/controller.ts";
import type { Node } from "../../kinds/node.ts";
import { machineKey } from "../machine-key.ts";
import type { NodeContext } from "./context.ts";
import { unitNamed } from "./units.ts";
import { journal } from "./journal.ts";

const servicesTable = "node-services";

export type ServiceState = "active" | "inactive" | "auto-restart";

export interface ServiceRecord {
  state: ServiceState;
  /** Since when, virtual ms. */
  sinceMs: number;
  /** Its latest process. */
  pid: number;
  /** How often it was started by hand or again after a failure. */
  starts: number;
  /** Started, and has not read its configuration yet. */
  starting?: true;
  /** When it is started again after a failure. */
  retryAtMs?: number;
  /** Not started with its machine. */
  disabled?: true;
}

type NodeServices = Record<string, ServiceRecord>;

const all = (records: Records, node: string): NodeServices =>
  records.get<NodeServices>(servicesTable, node) ?? {};

/** What is known of a service; undefined: it runs since its machine started. */
export const serviceRecord = (
  records: Records,
  node: string,
  unit: string,
): ServiceRecord | undefined => all(records, node)[unit];

export function putService(
  records: Records,
  node: string,
  unit: string,
  record: ServiceRecord,
): void {
  records.put(servicesTable, node, { ...all(records, node), [unit]: record });
}

/** Since when a service that nobody touched has run. */
export function bornAtMs(context: Pick<NodeContext, "reader">, node: string): number {
  const made = context.reader.get<Node>("nodes", "", node)?.metadata.creationTimestamp;
  return made === undefined ? 0 : parseTime(made);
}

/** A service as it stands. */
export function service(
  context: Pick<NodeContext, "reader" | "records">,
  node: string,
  unit: string,
): ServiceRecord {
  const known = serviceRecord(context.records, node, unit);
  if (known) return known;
  const pid = unitNamed(unit)?.pid ?? 0;
  return { state: "active", sinceMs: bornAtMs(context, node), pid, starts: 0 };
}

/** Whether a process of it is there. */
export const isActive = (
  context: Pick<NodeContext, "reader" | "records">,
  node: string,
  unit: string,
): boolean => service(context, node, unit).state === "active";

/** Pids of services lie below those of Pods' processes (kernel/process-view.ts). */
const nextPid = (record: ServiceRecord): number => 900 + ((record.pid - 900 + 37 + 1000) % 1000);

const follow = (context: NodeContext, node: string): void => context.wakePod(machineKey(node));

export function startService(context: NodeContext, node: string, unit: string): void {
  const before = service(context, node, unit);
  const { retryAtMs: _retry, ...kept } = before;
  const pid = nextPid(before);
  const sinceMs = Math.round(context.now);
  putService(context.records, node, unit, {
    ...kept,
    state: "active",
    sinceMs,
    pid,
    starts: before.starts + 1,
    ...(unit === "kubelet" ? { starting: true as const } : {}),
  });
  journal(context, node, [`Started ${describe(unit)}.`], { unit, identifier: "systemd", pid: 1 });
  follow(context, node);
}

export function stopService(context: NodeContext, node: string, unit: string): void {
  const { retryAtMs: _retry, starting: _starting, ...before } = service(context, node, unit);
  putService(context.records, node, unit, {
    ...before,
    state: "inactive",
    sinceMs: Math.round(context.now),
  });
  const lines = [
    `Stopping ${describe(unit)}...`,
    `${unit}.service: Deactivated successfully.`,
    `Stopped ${describe(unit)}.`,
  ];
  journal(context, node, lines, { unit, identifier: "systemd", pid: 1 });
  follow(context, node);
}

/** Whether a service comes with its machine's start. */
export function enableService(
  context: NodeContext,
  node: string,
  unit: string,
  enabled: boolean,
): void {
  const { disabled: _disabled, ...kept } = service(context, node, unit);
  const record = enabled ? kept : { ...kept, disabled: true as const };
  putService(context.records, node, unit, record);
}

/** The machine starts: its enabled services do. */
export function startMachineServices(context: NodeContext, node: string): void {
  const known = all(context.records, node);
  const sinceMs = Math.round(context.now);
  const next: NodeServices = {};
  for (const unit of new Set([...Object.keys(known), "kubelet"])) {
    const { retryAtMs: _retry, starting: _starting, ...before } = service(context, node, unit);
    next[unit] = before.disabled
      ? { ...before, state: "inactive", sinceMs }
      : {
          ...before,
          state: "active",
          sinceMs,
          pid: unitNamed(unit)?.pid ?? before.pid,
          ...(unit === "kubelet" ? { starting: true as const } : {}),
        };
  }
  context.records.put(servicesTable, node, next);
}

const describe = (unit: string): string =>
  `${unit}.service - ${unitNamed(unit)?.description ?? unit}`;
