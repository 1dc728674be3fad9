/**
 * What the scheduler and the controllers tell of themselves, whoever was let in. What they count they count since this engine was
 * made, as upstream's do from their start. k8s: cmd/kube-scheduler/app/server.go newEndpointsHandler,
 * controller-manager/app/serve.go NewBaseHandler
 */
import { checksText } from "../api/discovery/health.ts";
import { version } from "../api/discovery/discovery.ts";
import { objectKey } from "../core/object.ts";
import type { Queue } from "../core/queue.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { StepCounts } from "../loop/step-counts.ts";
import {
  buildInfo,
  type Metric,
  metricsContentType,
  metricsText,
  type Sample,
} from "../machinery/prometheus.ts";
import type { Client } from "../ports/controller.ts";
import type { KubeletPage, KubeletRequest } from "../ports/kubelet.ts";
import { isPending } from "../scheduler/cache.ts";
import type { SchedulerCounts } from "../scheduler/counts.ts";
import { isGated } from "../scheduler/plugins/scheduling-gates.ts";
import type { Node } from "../kinds/node.ts";
import { componentConfigs } from "./component-config-facts.ts";
import { shownControllers, workQueues } from "./managed-controllers.ts";

interface Told {
  client: Client;
  queue: Queue;
  counts: StepCounts;
  scheduling: SchedulerCounts;
}

interface Component {
  /** Its health checks, by path. */
  checks: Readonly<Record<string, readonly string[]>>;
  metrics(told: Told): Metric[];
}

const metric = (
  name: string,
  type: Metric["type"],
  help: string,
  samples: readonly Sample[],
): Metric => ({ name, type, help, samples });

const { buildDate, compiler, gitCommit, gitTreeState, gitVersion, goVersion } = version;
const build = buildInfo({
  build_date: buildDate,
  compiler,
  git_commit: gitCommit,
  git_tree_state: gitTreeState,
  git_version: gitVersion,
  go_version: goVersion,
  major: version.major,
  minor: version.minor,
  platform: version.platform,
});

/** k8s: component-base/metrics/prometheus/clientgo/leaderelection */
const leads = (name: string): Metric =>
  metric(
    "leader_election_master_status",
    "gauge",
    "[ALPHA] Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name.",
    [{ labels: { name }, value: 1 }],
  );

/** k8s: pkg/scheduler/backend/queue: which queue a Pod that has no node is in */
function pendingPods({ client, queue }: Told): Sample[] {
  const counts = { active: 0, backoff: 0, gated: 0, unschedulable: 0 };
  const dirty = new Set(queue.keys());
  for (const pod of client.list<Pod>("pods")) {
    if (!isPending(pod)) continue;
    const { namespace, name } = pod.metadata;
    if (isGated(pod)) counts.gated++;
    else if (dirty.has(`scheduler\0${objectKey(namespace, name)}`)) counts.active++;
    else counts.unschedulable++;
  }
  return Object.entries(counts).map(([name, value]) => ({ labels: { queue: name }, value }));
}

/** Upper ends of buckets. k8s: pod_scheduling_attempts */
const attemptBuckets = [1, 2, 4, 8, 16];

function attemptSamples({ scheduledAt }: SchedulerCounts): Sample[] {
  const all = [...scheduledAt];
  const upTo = (le: number): number =>
    all.reduce((sum, [attempt, pods]) => sum + (attempt <= le ? pods : 0), 0);
  return [
    ...[...attemptBuckets, Infinity].map((le) => ({
      suffix: "_bucket",
      labels: { le: Number.isFinite(le) ? String(le) : "+Inf" },
      value: upTo(le),
    })),
    { suffix: "_sum", value: all.reduce((sum, [attempt, pods]) => sum + attempt * pods, 0) },
    { suffix: "_count", value: upTo(Infinity) },
  ];
}

/** k8s: pkg/scheduler/metrics/metrics.go */
function schedulerMetrics(told: Told): Metric[] {
  const { client, scheduling } = told;
  const placed = client.list<Pod>("pods").filter(({ spec, status }) => {
    const isOver = status?.phase === "Succeeded" || status?.phase === "Failed";
    return spec.nodeName && !isOver;
  });
  return [
    build,
    leads("kube-scheduler"),
    metric(
      "scheduler_cache_size",
      "gauge",
      "[ALPHA] Number of nodes, pods, and assumed (bound) pods in the scheduler cache.",
      [
        { labels: { type: "assumed_pods" }, value: 0 },
        { labels: { type: "nodes" }, value: client.list<Node>("nodes").length },
        { labels: { type: "pods" }, value: placed.length },
      ],
    ),
    metric(
      "scheduler_pending_pods",
      "gauge",
      "[STABLE] Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
      pendingPods(told),
    ),
    metric(
      "scheduler_pod_scheduling_attempts",
      "histogram",
      "[STABLE] Number of attempts to successfully schedule a pod.",
      attemptSamples(scheduling),
    ),
    metric(
      "scheduler_preemption_attempts_total",
      "counter",
      "[STABLE] Total preemption attempts in the cluster till now",
      [{ value: scheduling.preemptions }],
    ),
    metric(
      "scheduler_schedule_attempts_total",
      "counter",
      "[STABLE] Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
      Object.entries(scheduling.attempts)
        .filter(([, value]) => value > 0)
        .map(([result, value]) => ({
          labels: { profile: "default-scheduler", result },
          value,
        })),
    ),
  ];
}

/** k8s: component-base/metrics/prometheus/workqueue, prometheus/controllers */
function controllerMetrics({ queue, counts }: Told): Metric[] {
  const depths = new Map<string, number>();
  for (const work of queue.keys()) {
    const name = work.slice(0, work.indexOf("\0"));
    depths.set(name, (depths.get(name) ?? 0) + 1);
  }
  const rows = [...workQueues].sort(([a], [b]) => (a < b ? -1 : 1));
  const each = (value: (name: string) => number): Sample[] =>
    rows.map(([name, controllers]) => ({
      labels: { name },
      value: controllers.reduce((sum, controller) => sum + value(controller), 0),
    }));
  const depth = (name: string): number => depths.get(name) ?? 0;
  return [
    build,
    leads("kube-controller-manager"),
    metric(
      "running_managed_controllers",
      "gauge",
      "[BETA] Indicates where instances of a controller are currently running",
      shownControllers
        .toSorted()
        .map((name) => ({ labels: { manager: "kube-controller-manager", name }, value: 1 })),
    ),
    metric(
      "workqueue_adds_total",
      "counter",
      "[BETA] Total number of adds handled by workqueue",
      each((name) => counts.done(name) + depth(name)),
    ),
    metric("workqueue_depth", "gauge", "[BETA] Current depth of workqueue", each(depth)),
    metric(
      "workqueue_retries_total",
      "counter",
      "[BETA] Total number of retries handled by workqueue",
      each((name) => counts.retries(name)),
    ),
  ];
}

const components: Readonly<Record<string, Component>> = {
  "kube-scheduler": {
    checks: {
      "/healthz": ["leaderElection"],
      "/livez": ["ping"],
      "/readyz": ["leaderElection", "shutdown", "sched-handler-sync", "informer-sync"],
    },
    metrics: schedulerMetrics,
  },
  "kube-controller-manager": {
    checks: {
      "/healthz": ["leaderElection", ...shownControllers, "informer-sync"],
    },
    metrics: controllerMetrics,
  },
};

/** k8s: component-base/metrics/prometheus/slis */
function healthMetrics({ checks }: Component): string {
  const samples = Object.entries(checks).flatMap(([path, names]) =>
    names.map((name) => ({ labels: { name, type: path.slice(1) }, value: 1 })),
  );
  const help = "[STABLE] This metric records the result of a single healthcheck.";
  return metricsText([metric("kubernetes_healthcheck", "gauge", help, samples)]);
}

/** Undefined: it has no such page. */
export function componentPage(
  told: Told,
  name: string,
  { path, query }: KubeletRequest,
): KubeletPage | undefined {
  const component = Object.hasOwn(components, name) ? components[name] : undefined;
  if (!component) return undefined;
  const checks = component.checks[`/${path.split("/")[1] ?? ""}`];
  if (checks) {
    const text = checksText(path, query, checks);
    return text === undefined
      ? undefined
      : { status: 200, type: "text/plain; charset=utf-8", text };
  }
  if (path === "/configz")
    return { status: 200, type: "application/json", text: JSON.stringify(componentConfigs[name]) };
  const asMetrics = (text: string): KubeletPage => ({
    status: 200,
    type: metricsContentType,
    text,
  });
  if (path === "/metrics") return asMetrics(metricsText(component.metrics(told)));
  return path === "/metrics/slis" ? asMetrics(healthMetrics(component)) : undefined;
}
