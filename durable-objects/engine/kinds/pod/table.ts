/** `kubectl get pods`. k8s: pkg/printers/internalversion/printers.go printPod */
import { lookup } from "../../core/lookup.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import type { Cell, RowCondition, TableOf } from "../define.ts";
import { podSummary, restartsText } from "./status.ts";
import type { Container, Pod } from "./types.ts";

const none = "<none>";

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return none;
  const met = gates.filter(
    (gate) => pod.status?.conditions?.find((c) => c.type === gate.conditionType)?.status === "True",
  );
  return `${met.length}/${gates.length}`;
}

function cells(pod: Pod, now: number): Cell[] {
  const summary = podSummary(pod);
  return [
    pod.metadata.name,
    `${summary.ready}/${summary.total}`,
    summary.status,
    restartsText(summary, now),
    age(pod, now),
    pod.status?.podIPs?.[0]?.ip || none,
    pod.spec.nodeName || none,
    pod.status?.nominatedNodeName || none,
    readinessGates(pod),
  ];
}

const finished: Record<string, RowCondition[]> = lookup({
  Succeeded: [
    {
      type: "Completed",
      status: "True",
      reason: "Succeeded",
      message: "The pod has completed successfully.",
    },
  ],
  Failed: [{ type: "Completed", status: "True", reason: "Failed", message: "The pod failed." }],
});

export const podTable: TableOf<Pod> = {
  columns: [
    nameColumn,
    column("Ready", "Ready containers of all containers."),
    column("Status", "What the containers of the pod do, in one word."),
    column("Restarts", "Restarts of the containers, and when the last one was."),
    ageColumn,
    wideColumn("IP", "Address of the pod."),
    wideColumn("Node", "Node the pod is assigned to."),
    wideColumn("Nominated Node", "Node that preemption makes room on for the pod."),
    wideColumn("Readiness Gates", "Readiness gates that are met, of all."),
  ],
  cells,
  conditions: (pod) => finished[pod.status?.phase ?? ""],
};

/** The Containers and Images cells of what has a Pod template. k8s: layoutContainerCells */
export function containerCells(containers: readonly Container[] | undefined): [string, string] {
  const list = containers ?? [];
  return [list.map((c) => c.name).join(","), list.map((c) => c.image ?? "").join(",")];
}
