/** What must hold: one table, a row each. */
import { writesBack } from "../write-back.ts";
import { alike } from "../contents.ts";
import { clientInvariants } from "./clients.ts";
import { cronJobInvariants } from "./cron-jobs.ts";
import { faultInvariants } from "./faults.ts";
import { shadowKey } from "../history.ts";
import { jobInvariants } from "./jobs.ts";
import { finished, first, fits, hostPorts, id, usedOn } from "./pods.ts";
import { rolloutInvariants } from "./rollouts.ts";
import type { Invariant } from "./seen.ts";
import { settledInvariants } from "./settled.ts";
import type { Any, Simulation } from "../simulation.ts";
import { statefulSetInvariants } from "./stateful-sets.ts";
import { customInvariants } from "../themes/custom-invariants.ts";
import { deviceInvariants } from "../themes/device-invariants.ts";
import { gatewayInvariants } from "../themes/gateway-invariants.ts";
import { webhookInvariants } from "../themes/webhook-invariants.ts";

function twice(pairs: Iterable<[value: string, holder: string]>): string | undefined {
  const holders = new Map<string, string>();
  return first(pairs, ([value, holder]) => {
    const other = holders.get(value);
    holders.set(value, holder);
    return other && other !== holder ? `${value} is of ${other} and ${holder}` : undefined;
  });
}

function shadowDiffers(sim: Simulation): string | undefined {
  let count = 0;
  // Most are the very objects that were persisted; those read from disk since have their revisions compared.
  const persisted = new Set<unknown>(sim.shadow.values());
  for (const resource of sim.world.engine.store.resources()) {
    for (const object of sim.all(resource)) {
      count += 1;
      if (persisted.has(object)) continue;
      const copy = sim.shadow.get(shadowKey(resource, object.metadata));
      if (!copy || copy.metadata.resourceVersion !== object.metadata.resourceVersion) {
        return `${id(object)}: ${object.metadata.resourceVersion}, by the log ${copy?.metadata.resourceVersion}`;
      }
    }
  }
  return count === sim.shadow.size ? undefined : `${count} objects, by the log ${sim.shadow.size}`;
}

/** The log on disk tells every revision after its floor, as it was written. */
function historyDiffers(sim: Simulation): string | undefined {
  const { log } = sim.world.engine;
  const from = Math.max(sim.firstRv, log.floor);
  let at = sim.history.after(from);
  for (const { rv, op, object } of log.history(from)) {
    const change = sim.history.changes[at++];
    if (change?.rv !== rv || change.op !== op || !alike(change.object, object)) {
      return `revision ${rv} on disk, ${change?.rv ?? "none"} was written`;
    }
  }
  const next = sim.history.changes[at];
  return next && `revision ${next.rv} is not on disk`;
}

export const invariants: Invariant[] = [
  {
    name: "resourceVersion strictly grows",
    when: "change",
    check: (sim, change) =>
      change.rv <= sim.lastRv || change.object.metadata.resourceVersion !== String(change.rv)
        ? `${change.rv} after ${sim.lastRv}`
        : undefined,
  },
  ...rolloutInvariants,
  ...jobInvariants,
  ...cronJobInvariants,
  ...statefulSetInvariants,
  ...webhookInvariants,
  ...deviceInvariants,
  ...gatewayInvariants,
  ...customInvariants,
  ...clientInvariants,
  ...faultInvariants,
  {
    name: "addresses and ports are unique",
    when: "operation",
    check: (sim) =>
      twice(
        sim
          .all("pods")
          .filter((p) => p.status?.podIP && !finished(p) && !p.spec.hostNetwork)
          .map((p) => [p.status.podIP, id(p)]),
      ) ??
      twice(
        sim
          .all("pods", "lab")
          .filter((p) => p.spec.nodeName && !finished(p))
          .flatMap((p) =>
            hostPorts(p).map((n): [string, string] => [`port ${n} of ${p.spec.nodeName}`, id(p)]),
          ),
      ) ??
      twice(
        sim
          .all("services")
          .flatMap((s) =>
            [
              ...(s.spec.clusterIPs ?? []).filter((ip: string) => ip !== "None"),
              ...(s.spec.ports ?? []).flatMap((p: Any) =>
                p.nodePort ? [`port ${p.nodePort}`] : [],
              ),
            ].map((value): [string, string] => [value, id(s)]),
          ),
      ),
  },
  {
    name: "every scheduled Pod fits its node",
    when: "operation",
    check: (sim) =>
      first(sim.all("nodes"), (node) =>
        fits(sim, node, { cpu: 0, memory: 0, pods: 0 })
          ? undefined
          : `${node.metadata.name}: ${JSON.stringify(usedOn(sim, node.metadata.name))}`,
      ),
  },
  {
    name: "a quota is never overrun by what came under it",
    when: "change",
    check: (sim, change) => {
      if (change.op !== "create" || change.resource !== "pods") return undefined;
      const of = (kind: string): Any[] =>
        [...sim.shadow.values()].filter(
          (o) => o.kind === kind && o.metadata.namespace === change.namespace,
        );
      const quotas = of("ResourceQuota");
      if (quotas.length === 0) return undefined;
      // Those whose grace is over count no more, though a dead node may keep them.
      const over = (p: Any): boolean => Date.parse(p.metadata.deletionTimestamp ?? "") < change.at;
      const pods = of("Pod").filter((p) => !finished(p) && !over(p)).length + 1;
      return first(quotas, (quota) => {
        // Upstream's admission trusts the status, which a new quota has not yet.
        const hard = quota.status?.hard?.pods;
        return hard !== undefined && pods > Number(hard) ? `${pods} Pods of ${hard}` : undefined;
      });
    },
  },
  { name: "what the log says is what is", when: "operation", check: shadowDiffers },
  ...settledInvariants,
  { name: "the log on disk tells all after its floor", when: "end", check: historyDiffers },
  { name: "every object decodes and validates to itself", when: "end", check: writesBack },
];
