/** What a scenario is about besides workloads. */
import type { World } from "../../helpers/world.ts";
import type { Any, Simulation } from "../simulation.ts";
import { namespace, type OperationRow } from "../operations/targets.ts";

export interface Theme {
  name: string;
  weight: number;
  /** So many clusters are born for it. */
  births: number;
  /** What its cluster has from the beginning; time may pass. */
  prepare?(world: World): void;
  operations: readonly OperationRow[];
  /** How often, in a hundred, an operation is one of them. */
  share: number;
  /** Nothing of it is in the way of the rest any more. */
  heal?(sim: Simulation): void;
}

/** A value of a simulation's own, made when it is first asked for. */
export function ownOf<T>(make: (sim: Simulation) => T): (sim: Simulation) => T {
  const known = new WeakMap<Simulation, T>();
  return (sim) => {
    let own = known.get(sim);
    if (!own) known.set(sim, (own = make(sim)));
    return own;
  };
}

/** Objects of a resource, by the log. */
export function* logged(sim: Simulation, resource: string): Iterable<Any> {
  const prefix = `${resource} `;
  for (const [key, object] of sim.shadow) if (key.startsWith(prefix)) yield object;
}

/** Server-side apply: made, or made so. */
export const applied = (sim: Simulation, url: string, manifest: object): void =>
  void sim.request("PATCH", `${url}?fieldManager=sim&force=true`, manifest, {
    type: "application/apply-patch+yaml",
  });

const server = "sample-webhook-deployment";

/** How the server of webhooks, in a namespace, is disturbed. */
export const disturbances = [
  { replicas: 0 },
  { replicas: 0 },
  { replicas: 1 },
  { replicas: 2 },
  { kill: 0 },
  { kill: 1 },
];

export function disturb(sim: Simulation, home: string, { replicas, kill = 0 }: Any): void {
  const url = `/apis/apps/v1/namespaces/${home}/deployments/${server}`;
  if (replicas !== undefined) return void sim.patch(url, { spec: { replicas } });
  const pods = sim.all("pods", home).filter((pod) => pod.metadata.labels?.webhook);
  const pod = pods[kill % Math.max(pods.length, 1)];
  if (!pod) return;
  const { name } = pod.metadata;
  sim.request("DELETE", `/api/v1/namespaces/${home}/pods/${name}`, { gracePeriodSeconds: 0 });
}

export const inLab = `/namespaces/${namespace}`;
