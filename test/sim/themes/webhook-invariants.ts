/** What must hold of writes that admission webhooks look at. Their server is agnhost's: what it says at each path is known. */
import type { Change } from "../../../durable-objects/engine/core/object.ts";
import { first, id } from "../invariants/pods.ts";
import type { Invariant } from "../invariants/seen.ts";
import type { Any, Simulation } from "../simulation.ts";
import { ready } from "../operations/targets.ts";
import { markKey } from "../writers.ts";
import { logged, ownOf } from "./theme.ts";
import { configurations, home, sorts, type Sort } from "./webhooks.ts";

/** What is known of the server by the log. */
interface Server {
  /** Uids of its Pods that run, or may yet. */
  running: Set<string>;
  /** Virtual moment at which there was one last. */
  lastMs: number;
  /** Virtual moment of the last change of anything that decides whether it is reached. */
  changedMs: number;
  rv: number;
}

const isServer = (pod: Any): boolean =>
  pod.metadata.namespace === home && pod.metadata.labels?.webhook === "true";
const mayAnswer = (pod: Any): boolean => pod.status?.phase === "Running";

const serverOf = ownOf((sim: Simulation): Server => {
  const running = new Set<string>();
  for (const pod of logged(sim, "pods"))
    if (isServer(pod) && mayAnswer(pod)) running.add(pod.metadata.uid);
  return { running, lastMs: sim.world.engine.virtualNow, changedMs: -Infinity, rv: 0 };
});

/** The server as it is with this revision: whoever asks first notes it. */
function noted(sim: Simulation, { rv, resource, op, object, at }: Change): Server {
  const server = serverOf(sim);
  if (server.rv === rv) return server;
  server.rv = rv;
  const { uid, namespace } = object.metadata;
  if (resource === "pods" && isServer(object)) {
    server.changedMs = at;
    if (op !== "delete" && mayAnswer(object)) server.running.add(uid);
    else if (server.running.delete(uid)) server.lastMs = at;
  } else if (resource === "nodes" || (namespace === home && /service|endpoint/.test(resource)))
    server.changedMs = at;
  if (server.running.size > 0) server.lastMs = at;
  return server;
}

interface Hook {
  sort: Sort;
  hook: Any;
}

function* hooksOf(sim: Simulation): Iterable<Hook> {
  for (const sort of sorts)
    for (const { webhooks = [] } of logged(sim, configurations(sort)))
      for (const hook of webhooks) yield { sort, hook };
}

const operationOf = { create: "CREATE", update: "UPDATE", delete: "DELETE" };

/** Updates of Pods are mostly of their status, which the rules do not name. */
function isAbout({ hook }: Hook, { op, resource, namespace }: Change): boolean {
  if (resource !== "configmaps" && !(resource === "pods" && op === "create")) return false;
  const within = hook.namespaceSelector?.matchLabels?.["kubernetes.io/metadata.name"];
  if (within !== undefined && within !== namespace) return false;
  return hook.rules.some(
    ({ resources, operations }: Any) =>
      resources.includes(resource) && operations.includes(operationOf[op]),
  );
}

/** The longest that a request may have waited for others of its webhooks: those that change objects may be asked twice. */
const waitMs = (hooks: readonly Hook[]): number =>
  2_000 * hooks.reduce((sum, { hook }) => sum + hook.timeoutSeconds, 0) + 1_000;

const pathOf = ({ hook }: Hook): string => hook.clientConfig.service.path;
const mustAnswer = ({ hook }: Hook): boolean => hook.failurePolicy === "Fail";

const said = "webhook-e2e-test";

/** What the server says no to. */
function isRefused({ sort, ...of }: Hook, { op, object, previous }: Change): boolean {
  if (sort !== "validating") return false;
  const { data, metadata } = object as Any;
  switch (pathOf({ sort, ...of })) {
    case "/configmaps":
      return op === "delete"
        ? ((previous ?? object) as Any).data?.[said] === "webhook-nondeletable"
        : data?.[said] === "webhook-disallow";
    case "/pods":
      return metadata.labels?.[said] === "webhook-disallow";
    case "/always-deny":
      return true;
    default:
      return false;
  }
}

/** What the server would have changed, and did not. */
function isUnchanged(one: Hook, { op, object }: Change): boolean {
  if (op === "delete" || one.sort !== "mutating") return false;
  const { data, metadata } = object as Any;
  if (pathOf(one) === "/add-label") return metadata.labels?.["added-label"] !== "yes";
  return data?.["mutation-start"] === "yes" && data["mutation-stage-1"] !== "yes";
}

/** Whether each of its answers so far, for as long as a request may have waited, came surely. */
function surelyUp(
  sim: Simulation,
  server: Server,
  change: Change,
  hooks: readonly Hook[],
): boolean {
  if (server.running.size === 0 || change.at - server.changedMs < waitMs(hooks)) return false;
  for (const node of logged(sim, "nodes"))
    if (node.metadata.annotations?.["podyard.dev/power"] === "off") return false;
  for (const pod of logged(sim, "pods")) if (isServer(pod) && !ready(pod)) return false;
  return true;
}

/** Webhooks about a change, where it is about what they look at. */
function concerned(
  sim: Simulation,
  change: Change,
): { server: Server; all: Hook[]; about: Hook[] } {
  const server = noted(sim, change);
  const { resource } = change;
  if (resource !== "configmaps" && resource !== "pods") return { server, all: [], about: [] };
  const all = [...hooksOf(sim)];
  return { server, all, about: all.filter((one) => isAbout(one, change)) };
}

const isThere = ({ hook }: Hook): boolean =>
  hook.clientConfig.service.name === "e2e-test-webhook" &&
  hook.clientConfig.service.path !== "/none";

const told = ({ op, object }: Change, { hook, sort }: Hook): string =>
  `${op} of ${id(object)} past a ${sort} webhook at ${hook.clientConfig.service.path}`;

/** How often a write with a mark was stored. */
function storedTimes(sim: Simulation, after: number, mark: string): number {
  const { changes } = sim.history;
  const has = (object: Any): boolean => object?.metadata.annotations?.[markKey] === mark;
  let count = 0;
  for (let i = sim.history.after(after); i < changes.length; i++) {
    const { op, object, previous } = changes[i] as Change;
    if (op !== "delete" && has(object) && !has(previous)) count += 1;
  }
  return count;
}

export const webhookInvariants: Invariant[] = [
  {
    name: "with Fail and its webhook down nothing is stored",
    when: "change",
    check: (sim, change) => {
      const { server, all, about } = concerned(sim, change);
      const down = server.running.size === 0 && change.at - server.lastMs > waitMs(all);
      return first(about.filter(mustAnswer), (one) =>
        down || !isThere(one) ? told(change, one) : undefined,
      );
    },
  },
  {
    name: "what a webhook refuses is not stored",
    when: "change",
    check: (sim, change) => {
      const { server, all, about } = concerned(sim, change);
      const up = surelyUp(sim, server, change, all);
      return first(about, (one) =>
        (mustAnswer(one) || up) && isThere(one) && isRefused(one, change)
          ? told(change, one)
          : undefined,
      );
    },
  },
  {
    name: "what is stored has what a mutating webhook answered",
    when: "change",
    check: (sim, change) => {
      const { server, all, about } = concerned(sim, change);
      const up = surelyUp(sim, server, change, all);
      return first(about, (one) =>
        (mustAnswer(one) || up) && isThere(one) && isUnchanged(one, change)
          ? told(change, one)
          : undefined,
      );
    },
  },
  {
    name: "a write happens once or not at all, as its client was told",
    when: "told",
    check: (sim, { request, mark, after, status, text }) => {
      const times = storedTimes(sim, after, mark);
      // Nobody came for the answer in time.
      if (text.includes("the request was forgotten"))
        return times > 1 ? `${request}: ${times}` : undefined;
      const expected = status >= 400 || request.includes("dryRun") ? 0 : 1;
      return times === expected
        ? undefined
        : `${request}: ${status} ${text.slice(0, 200)}, stored ${times} times`;
    },
  },
  {
    name: "nobody waits for webhooks for ever",
    when: "settled",
    check: (sim) => {
      const { store } = sim.world.engine;
      const left = ["held", "held-steps"].flatMap((table) => [...store.recordKeys(table)]);
      const [waiting] = sim.writers.waiting;
      return waiting ?? (left.length > 0 ? `${left}` : undefined);
    },
  },
];
