/** Operations of those who look: watches, lists, commands in containers, logs, and the hands on the clock. */
import type { Chance } from "../chance.ts";
import type { Ask } from "../clients.ts";
import type { Any, Simulation } from "../simulation.ts";
import { any, namespace, path, ready, resources, target, type OperationRow } from "./targets.ts";
import { apps } from "../templates.ts";
import { scripts, typed } from "../terminals.ts";

const looked = ["pods", "pods", "deployments", "sets", "services", "jobs", "stateful"];

function asked(chance: Chance): Record<string, Any> {
  const selector = chance.in100(40) ? { label: chance.pick(apps) } : undefined;
  return { of: chance.pick(looked), at: any(chance), selector, byName: chance.in100(20) };
}

function askOf(sim: Simulation, { of, at, selector, byName, form }: Any): Ask {
  const resource = resources[of] as string;
  const name = byName ? target(sim, resource, at)?.metadata.name : undefined;
  return {
    url: path(of),
    resource,
    namespace,
    ...(name ? { selector: { name } } : selector ? { selector } : {}),
    form: form ?? "object",
  };
}

/** A container that runs, and its Pod's address. */
function running(sim: Simulation, at: number): { url: string; container: string } | undefined {
  const pods = sim.all("pods", namespace).filter((p: Any) => p.status?.containerStatuses?.length);
  const pod = pods[at % Math.max(pods.length, 1)] as Any;
  if (!pod) return undefined;
  const { containers } = pod.spec;
  const { name } = containers[at % containers.length];
  return { url: `${path("pods")}/${pod.metadata.name}`, container: name };
}

const waits = (pod: Any): boolean =>
  pod.spec.containers.some(({ image }: Any) => image.includes("whoami"));

const gaps = [0, 0, 1, 400, 3_000, 12_000];

const watches: OperationRow[] = [
  {
    what: "watch",
    weight: 5,
    make: (chance) => ({
      ...asked(chance),
      form: chance.pick(["object", "object", "table", "partial"]),
      gap: chance.pick(gaps),
      initial: chance.in100(30),
    }),
    run: (sim, operation) =>
      sim.clients.watch(askOf(sim, operation), operation.gap, operation.initial),
  },
  {
    what: "reconnect",
    weight: 3,
    make: (chance) => ({ gap: chance.pick(gaps) }),
    run: (sim, { gap }) => sim.clients.reconnect(gap),
  },
  {
    what: "list the past",
    weight: 4,
    make: (chance) => ({
      ...asked(chance),
      back: chance.pick([0, 0, 1, 5, 40, 300]),
      gap: chance.pick(gaps),
    }),
    run: (sim, operation) =>
      sim.clients.listPast(askOf(sim, operation), operation.back, operation.gap),
  },
  {
    what: "list by pages",
    weight: 3,
    make: (chance) => ({ ...asked(chance), limit: 1 + chance.below(3) }),
    run: (sim, operation) => sim.clients.page(askOf(sim, operation), operation.limit),
  },
  {
    what: "turn pages",
    weight: 4,
    make: (chance) => ({ gap: chance.pick(gaps) }),
    run: (sim, { gap }) => sim.clients.turnPages(gap),
  },
];

const terminals: OperationRow[] = [
  {
    what: "exec",
    weight: 4,
    make: (chance) => ({ at: any(chance), script: chance.pick(scripts) }),
    run: (sim, { at, script }) => {
      const found = running(sim, at);
      if (found) sim.terminals.exec(found.url, found.container, script);
    },
  },
  {
    what: "type",
    weight: 3,
    make: (chance) => ({ at: any(chance), text: chance.pick(typed) }),
    run: (sim, { at, text }) => sim.terminals.type(at, text),
  },
  {
    what: "end of input",
    weight: 1,
    make: (chance) => ({ at: any(chance) }),
    run: (sim, { at }) => sim.terminals.closeInput(at),
  },
  {
    what: "hang up",
    weight: 1,
    make: (chance) => ({ at: any(chance) }),
    run: (sim, { at }) => sim.terminals.hangUp(at),
  },
  {
    what: "log",
    weight: 3,
    make: (chance) => ({
      at: any(chance),
      query: chance.pick([
        "&timestamps=true",
        "&tailLines=5",
        "&previous=true",
        "&sinceSeconds=30",
      ]),
    }),
    run: (sim, { at, query }) => {
      const found = running(sim, at);
      if (found) sim.terminals.log(found.url, found.container, query);
    },
  },
  {
    what: "follow",
    weight: 1,
    make: (chance) => ({ at: any(chance) }),
    run: (sim, { at }) => {
      const found = running(sim, at);
      if (found) sim.terminals.follow(found.url, found.container);
    },
  },
  {
    what: "ask through the proxy",
    weight: 3,
    make: (chance) => ({
      app: chance.pick(apps),
      at: any(chance),
      query: chance.pick(["", "?wait=2s", "?wait=30s"]),
    }),
    run: (sim, { app, at, query }) => {
      // Those who can be made to wait, where there are any.
      const slow = sim.all("pods", namespace).filter((p) => ready(p) && waits(p));
      const { name } = slow.length ? slow[at % slow.length].metadata : { name: undefined };
      const to = name ? `${path("pods")}/${name}:80` : `${path("services")}/svc-${app}-0:80`;
      sim.terminals.proxy(`${to}/proxy/${query}`);
    },
  },
];

const clockUrl = "/apis/podyard.dev/v1/clocks/cluster?fieldManager=sim&force=true";

function setClock(sim: Simulation, spec: object): void {
  const manifest = {
    apiVersion: "podyard.dev/v1",
    kind: "Clock",
    metadata: { name: "cluster" },
    spec,
  };
  sim.request("PATCH", clockUrl, manifest, { type: "application/apply-patch+yaml" });
}

const clocks: OperationRow[] = [
  {
    what: "jump",
    weight: 1,
    make: (chance) => ({ ms: 1_000 * (1 + chance.below(900)) }),
    run: (sim, { ms }) => {
      const at = new Date(Math.floor((sim.world.engine.virtualNow + ms) / 1000) * 1000);
      setClock(sim, { advanceTo: `${at.toISOString().slice(0, 19)}Z` });
    },
  },
  {
    what: "pause the clock",
    weight: 1,
    make: () => ({}),
    run: (sim) => setClock(sim, { paused: true }),
  },
  {
    what: "step",
    weight: 2,
    make: (chance) => ({ steps: 1 + chance.below(20), paused: chance.in100(80) }),
    run: (sim, { steps, paused }) => {
      const clock = sim.all("clocks.podyard.dev")[0] as Any;
      const done = clock?.status?.stepsDone ?? 0;
      setClock(sim, { paused, steps: done + steps });
    },
  },
  {
    what: "let the clock run",
    weight: 2,
    make: (chance) => ({ speed: chance.pick([1, 1, 0.5, 3]) }),
    run: (sim, { speed }) => setClock(sim, { speed }),
  },
  {
    what: "nobody looks",
    weight: 1,
    make: (chance) => ({ ms: chance.pick([400_000, 1_500_000]) }),
    run: (sim, { ms }) => sim.unwatched(ms),
  },
];

export const clientOperations: OperationRow[] = [...watches, ...terminals, ...clocks];
