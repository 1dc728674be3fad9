/** What can happen in a scenario: a table of operations. Each is plain JSON, its targets found when it runs. */
import { clientOperations } from "./clients.ts";
import * as manifests from "../manifests.ts";
import { apps, images } from "../templates.ts";
import { themes } from "../themes/themes.ts";
import { workloadOperations } from "./workloads.ts";
import type { Any, Simulation } from "../simulation.ts";
import {
  any,
  namespace,
  path,
  ready,
  resources,
  target,
  type Operation,
  type OperationRow,
} from "./targets.ts";

const worker = (sim: Simulation, number: number): Any | undefined => {
  const nodes = sim.all("nodes").filter((n) => !n.metadata.name.startsWith("control"));
  return nodes.length ? nodes[number % nodes.length] : undefined;
};

const scalable = [
  "deployments",
  "deployments",
  "deployments",
  "sets",
  "controllers",
  "stateful",
  "stateful",
];

/** Sets that no Deployment steers: the others are not for users to scale. */
function scaled(sim: Simulation, kind: string, number: number): Any | undefined {
  const list = sim
    .all(resources[kind] as string, namespace)
    .filter((o) => !o.metadata.ownerReferences?.length);
  return list.length ? list[number % list.length] : undefined;
}

function evictPod(sim: Simulation, pod: Any): number {
  const { name } = pod.metadata;
  // What the budget allows is judged by what is there now.
  sim.slipNow();
  sim.run();
  const before = sim.all("pods", namespace).find((p) => p.metadata.name === name);
  const budgets = [...sim.shadow.values()].filter((o) => o.kind === "PodDisruptionBudget") as Any[];
  const answer = sim.request("POST", `${path("pods")}/${name}/eviction`, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace },
  });
  if (answer.status !== 201 || !before || !ready(before)) return answer.status;
  sim.look("eviction", { pod: before, budgets });
  return answer.status;
}

export const operations: OperationRow[] = [
  {
    what: "create",
    weight: 16,
    make: manifests.random,
    run: (sim, { of, manifest }) => void sim.request("POST", path(of), manifest),
  },
  {
    what: "scale",
    weight: 8,
    make: (chance) => ({ of: chance.pick(scalable), at: any(chance), to: chance.below(9) }),
    run: (sim, { of, at, to }) => {
      const object = scaled(sim, of, at);
      if (object) sim.patch(`${path(of)}/${object.metadata.name}`, { spec: { replicas: to } });
    },
  },
  {
    what: "set image",
    weight: 8,
    make: (chance) => ({
      of: chance.pick(["deployments", "deployments", "deployments", "daemons", "stateful"]),
      at: any(chance),
      image: chance.pick(images),
    }),
    run: (sim, { of, at, image }) => {
      const object = target(sim, resources[of] as string, at);
      if (!object) return;
      const containers = [{ name: "main", image }];
      const body = { spec: { template: { spec: { containers } } } };
      const type = "application/strategic-merge-patch+json";
      sim.patch(`${path(of)}/${object.metadata.name}`, body, type);
    },
  },
  {
    what: "pause or resume",
    weight: 2,
    make: (chance) => ({ at: any(chance), paused: chance.in100(50) }),
    run: (sim, { at, paused }) => {
      const object = target(sim, "deployments.apps", at);
      if (object) sim.patch(`${path("deployments")}/${object.metadata.name}`, { spec: { paused } });
    },
  },
  {
    what: "relabel",
    weight: 4,
    make: (chance) => ({
      at: any(chance),
      app: chance.pick([...apps, null, "elsewhere"]),
    }),
    run: (sim, { at, app }) => {
      const pod = target(sim, "pods", at);
      if (pod) sim.patch(`${path("pods")}/${pod.metadata.name}`, { metadata: { labels: { app } } });
    },
  },
  {
    what: "delete",
    weight: 4,
    make: (chance) => ({
      of: chance.pick([
        "deployments",
        "sets",
        "daemons",
        "controllers",
        "services",
        "stateful",
        "jobs",
        "crons",
      ]),
      at: any(chance),
      policy: chance.pick(["Background", "Foreground", "Orphan"]),
    }),
    run: (sim, { of, at, policy }) => {
      const object = target(sim, resources[of] as string, at);
      if (!object) return;
      sim.request("DELETE", `${path(of)}/${object.metadata.name}`, { propagationPolicy: policy });
    },
  },
  {
    what: "delete pod",
    weight: 6,
    make: (chance) => ({ at: any(chance), grace: chance.pick([undefined, undefined, 0, 1, 60]) }),
    run: (sim, { at, grace }) => {
      const pod = target(sim, "pods", at);
      if (!pod) return;
      const body = grace === undefined ? undefined : { gracePeriodSeconds: grace };
      sim.request("DELETE", `${path("pods")}/${pod.metadata.name}`, body);
    },
  },
  {
    what: "evict pod",
    weight: 4,
    make: (chance) => ({ at: any(chance) }),
    run: (sim, { at }) => {
      const pod = target(sim, "pods", at);
      if (pod) evictPod(sim, pod);
    },
  },
  {
    what: "cordon",
    weight: 3,
    make: (chance) => ({ at: any(chance), on: chance.in100(50) }),
    run: (sim, { at, on }) => {
      const node = worker(sim, at);
      if (node) sim.patch(`/api/v1/nodes/${node.metadata.name}`, { spec: { unschedulable: on } });
    },
  },
  {
    what: "drain",
    weight: 2,
    make: (chance) => ({ at: any(chance) }),
    run: (sim, { at }) => {
      const node = worker(sim, at);
      if (!node) return;
      const { name } = node.metadata;
      sim.patch(`/api/v1/nodes/${name}`, { spec: { unschedulable: true } });
      for (const pod of sim.all("pods", namespace)) {
        if (pod.spec.nodeName === name) evictPod(sim, pod);
      }
    },
  },
  {
    what: "taint",
    weight: 2,
    make: (chance) => ({
      at: any(chance),
      effect: chance.pick(["NoSchedule", "NoExecute", null]),
    }),
    run: (sim, { at, effect }) => {
      const node = worker(sim, at);
      if (!node) return;
      const taints = effect ? [{ key: "lab", value: "x", effect }] : null;
      sim.patch(`/api/v1/nodes/${node.metadata.name}`, { spec: { taints } });
    },
  },
  {
    what: "label node",
    weight: 1,
    make: (chance) => ({ at: any(chance), disk: chance.pick(["ssd", null]) }),
    run: (sim, { at, disk }) => {
      const node = worker(sim, at);
      if (node)
        sim.patch(`/api/v1/nodes/${node.metadata.name}`, { metadata: { labels: { disk } } });
    },
  },
  {
    what: "power",
    weight: 4,
    make: (chance) => ({ at: any(chance), off: chance.in100(50) }),
    run: (sim, { at, off }) => {
      const node = worker(sim, at);
      if (!node) return;
      const annotations = { "podyard.dev/power": off ? "off" : null };
      sim.patch(`/api/v1/nodes/${node.metadata.name}`, { metadata: { annotations } });
    },
  },
  {
    what: "write with an old revision",
    weight: 2,
    make: (chance) => ({
      of: chance.pick(["deployments", "sets", "services", "jobs", "stateful"]),
      at: any(chance),
    }),
    run: (sim, { of, at }) => {
      const object = target(sim, resources[of] as string, at);
      if (!object) return;
      const url = `${path(of)}/${object.metadata.name}`;
      const read = sim.request("GET", url).body;
      if (!read.metadata) return;
      sim.patch(url, { metadata: { annotations: { writer: "first" } } });
      const second = { ...read.metadata.annotations, writer: "second" };
      const late = { ...read, metadata: { ...read.metadata, annotations: second } };
      const answer = sim.request("PUT", url, late);
      if (read.metadata.annotations?.writer === "first") return;
      sim.look("late write", { url, status: answer.status, text: answer.text });
    },
  },
  ...workloadOperations,
  ...clientOperations,
  {
    what: "pass",
    weight: 20,
    make: (chance) => ({
      ms: chance.pick([0, 1, 500, 2_000, 7_000, 20_000, 60_000, 300_000]) + chance.below(1_000),
    }),
    run: (sim, { ms }) => sim.advance(ms),
  },
  {
    what: "ask for what another has",
    weight: 2,
    make: (chance) => ({ at: any(chance), port: chance.in100(50) }),
    run: (sim, { at, port }) => {
      const service = target(sim, "services", at);
      if (!service) return;
      const { clusterIP, ports } = service.spec;
      const [{ nodePort }] = ports;
      const spec =
        port && nodePort
          ? { type: "NodePort", ports: [{ port: 80, nodePort }] }
          : { clusterIP, ports: [{ port: 80 }] };
      const metadata = { name: `second-to-${service.metadata.name}` };
      const manifest = { apiVersion: "v1", kind: "Service", metadata, spec };
      sim.request("POST", path("services"), manifest);
    },
  },
  {
    what: "edit what Pods mount",
    weight: 1,
    make: (chance) => ({ text: `told ${chance.below(100)}` }),
    run: (sim, { text }) => {
      const data = { text: `${text}\n` };
      const metadata = { name: "told" };
      const url = `/api/v1/namespaces/${namespace}/configmaps/told?fieldManager=sim&force=true`;
      const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
      sim.request("PATCH", url, manifest, { type: "application/apply-patch+yaml" });
    },
  },
  // Faults
  { what: "lose memory", weight: 8, make: () => ({}), run: (sim) => sim.evict() },
  {
    what: "stop the machine in a turn",
    weight: 5,
    make: (chance) => ({ writes: chance.below(3) }),
    run: (sim, { writes }) => sim.crashNext(writes),
  },
  {
    what: "fail in a step",
    weight: 5,
    make: (chance) => ({ writes: chance.below(6) }),
    run: (sim, { writes }) => {
      sim.run();
      sim.throwNext(writes);
      sim.advance(1_000);
      sim.throwNext(undefined);
    },
  },
  {
    what: "alarm late",
    weight: 5,
    make: (chance) => ({ ms: chance.pick([5, 900, 15_000, 70_000]) }),
    run: (sim, { ms }) => sim.late(ms),
  },
  { what: "alarm twice", weight: 3, make: () => ({}), run: (sim) => sim.duplicateAlarm() },
];

const known = new Map(
  [...operations, ...themes.flatMap((theme) => theme.operations)].map((row) => [row.what, row]),
);

export function perform(sim: Simulation, operation: Operation): void {
  const row = known.get(operation.what);
  if (!row) throw new Error(`no operation ${operation.what}`);
  // Whoever acts looks first, and sees what is due by now as done; a late alarm comes later still.
  if (operation.what !== "alarm late") sim.run();
  sim.slip = operation["slip"] ?? 0;
  row.run(sim, operation);
  sim.slip = 0;
}
