/**
 * Why something is as it is: the table of situations, asked from top to bottom. The first row that finds something answers; where
 * it is about owners or dependents, it asks the table of those. Answers come from what the engine decides, asked again: the
 * scheduler's filters, the kubelet's records, the network's rules, admission's.
 */
import type { Question } from "../api/context.ts";
import type { ResourceId, KubeObject } from "../core/object.ts";
import { runtimeContext } from "../cri/runtime.ts";
import type { Evidence, ExplanationStatus } from "../kinds/podyard/explanation.ts";
import type { Client } from "../ports/controller.ts";
import { explainAccess } from "./access.ts";
import { autoscaling } from "./autoscaling.ts";
import { config } from "./missing-config.ts";
import { crash, exits } from "./crash.ts";
import { evictions } from "./eviction.ts";
import { gatewayRows } from "./gateways.ts";
import { images } from "./images.ts";
import { jobRows, scheduledRows } from "./jobs.ts";
import { nodeRows } from "./nodes.ts";
import { probes, readinessRows } from "./probes.ts";
import { explainRefusal } from "./refusals.ts";
import { requests } from "./requests.ts";
import { scheduling } from "./scheduling.ts";
import { services } from "./services.ts";
import type { Found, Scope, Situation } from "./situation.ts";
import { statefulSets } from "./stateful-sets.ts";
import { storage } from "./storage.ts";
import { termination } from "./termination.ts";
import { allIsWell, clockRow, lastRows, withClock } from "./time.ts";
import { rollouts } from "./workloads.ts";
import { explanationDepthMax, explanationEvidenceMax } from "../core/limits.ts";

const situations: readonly Situation[] = [
  ...termination,
  ...nodeRows,
  ...evictions,
  ...storage,
  ...scheduling,
  ...config,
  ...images,
  ...crash,
  ...probes,
  ...exits,
  ...readinessRows,
  ...statefulSets,
  ...jobRows,
  ...rollouts,
  ...services,
  ...gatewayRows,
  ...requests,
  ...autoscaling,
  ...clockRow,
  ...scheduledRows,
  ...lastRows,
];

const rowsOf = (resource: ResourceId): Situation[] =>
  situations.filter(({ of }) => of === undefined || of.includes(resource));

/** The answer to a question: always one, also where all is well. */
export function explain(client: Client, { about, mayRead }: Question): ExplanationStatus {
  const scope = scopeOf(client, mayRead, 0);
  if ("user" in about) return published(scope, explainAccess(scope, about.user, about.attributes));
  const { resource, object, trial } = about;
  if (trial) return published(scope, explainRefusal(object, trial));
  const found = find(scope, resource, object);
  if (found) return published(scope, withClock(scope, found));
  const checked = rowsOf(resource).map(({ name }) => name);
  return published(scope, allIsWell(scope, object, checked));
}

function scopeOf(client: Client, mayRead: Question["mayRead"], depth: number): Scope {
  return {
    client,
    context: runtimeContext(client),
    now: client.now,
    mayRead,
    ask(resource, object) {
      const { namespace = "", name } = object.metadata;
      if (depth >= explanationDepthMax || !mayRead(resource, namespace, name)) return undefined;
      const found = find(scopeOf(client, mayRead, depth + 1), resource, object);
      return found?.well ? undefined : found;
    },
  };
}

function find(scope: Scope, resource: ResourceId, object: KubeObject): Found | undefined {
  for (const { find: look } of rowsOf(resource)) {
    const found = look(scope, object as never);
    if (found) return found;
  }
  return undefined;
}

/** What the asker may see of it: evidence about objects that they may not read is left out. */
function published(
  scope: Scope,
  { sentence, evidence, mend, decidedBy }: Found,
): ExplanationStatus {
  const seen = new Set<string>();
  const shown = evidence.filter((one) => {
    const key = JSON.stringify(one);
    if (seen.has(key) || !maySee(scope, one)) return false;
    seen.add(key);
    return one.text !== "";
  });
  return { sentence, evidence: shown.slice(0, explanationEvidenceMax), mend, decidedBy };
}

function maySee({ client, mayRead }: Scope, { object }: Evidence): boolean {
  if (!object) return true;
  const { apiVersion, kind, namespace = "", name } = object;
  const known = client.resources.ofKind(apiVersion, kind);
  return known !== undefined && mayRead(known.id, namespace, name);
}
