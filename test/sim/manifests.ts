/** What a scenario creates: small workloads that meet each other's labels, nodes and limits. */
import type { Chance } from "./chance.ts";
import { programSpec } from "./programs.ts";
import type { Made, Maker } from "./operations/targets.ts";
import { apps, named, template } from "./templates.ts";
import { workloadMakers } from "./workload-manifests.ts";

function deployment(chance: Chance): Made {
  const app = chance.pick(apps);
  const metadata = named(chance, `d-${app}`);
  const labels = { app, of: metadata.name };
  const pod = template(chance, app);
  const spec: Record<string, unknown> = {
    replicas: chance.below(6),
    selector: { matchLabels: labels },
    template: { ...pod, metadata: { labels } },
  };
  if (chance.in100(25)) spec["strategy"] = { type: "Recreate" };
  else if (chance.in100(60)) {
    const maxSurge = chance.pick([0, 1, 2, "50%", "100%"]);
    const maxUnavailable = maxSurge === 0 ? chance.pick([1, "50%"]) : chance.pick([0, 1, "30%"]);
    spec["strategy"] = { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } };
  }
  if (chance.in100(30)) spec["minReadySeconds"] = chance.pick([1, 10]);
  if (chance.in100(30)) spec["progressDeadlineSeconds"] = 60;
  if (chance.in100(20)) spec["revisionHistoryLimit"] = chance.below(3);
  return {
    of: "deployments",
    manifest: { apiVersion: "apps/v1", kind: "Deployment", metadata, spec },
  };
}

function replicaSet(chance: Chance): Made {
  const app = chance.pick(apps);
  const spec = {
    replicas: chance.below(4),
    selector: { matchLabels: { app, of: "set" } },
    template: { ...template(chance, app), metadata: { labels: { app, of: "set" } } },
  };
  const metadata = named(chance, `s-${app}`);
  return { of: "sets", manifest: { apiVersion: "apps/v1", kind: "ReplicaSet", metadata, spec } };
}

function replicationController(chance: Chance): Made {
  const spec = {
    replicas: chance.below(4),
    selector: { app: "old" },
    template: { ...template(chance, "old") },
  };
  const metadata = { name: "rc" };
  return {
    of: "controllers",
    manifest: { apiVersion: "v1", kind: "ReplicationController", metadata, spec },
  };
}

function daemonSet(chance: Chance): Made {
  const labels = { app: "daemon" };
  const pod = template(chance, "daemon");
  const spec: Record<string, unknown> = {
    selector: { matchLabels: labels },
    template: { ...pod, metadata: { labels } },
  };
  if (chance.in100(30)) spec["updateStrategy"] = { type: "OnDelete" };
  const metadata = { name: "agent" };
  return { of: "daemons", manifest: { apiVersion: "apps/v1", kind: "DaemonSet", metadata, spec } };
}

function pod(chance: Chance): Made {
  const app = chance.pick([...apps, "alone"]);
  const made = template(chance, app, false) as { spec: unknown };
  const of = chance.pick(["set", "alone"]);
  const metadata = { ...named(chance, "p"), labels: { app, of } };
  return { of: "pods", manifest: { apiVersion: "v1", kind: "Pod", metadata, spec: made.spec } };
}

/** Processes with something to lose. */
function program(chance: Chance): Made {
  const app = chance.pick([...apps, "alone"]);
  const metadata = { name: `prog-${chance.below(4)}`, labels: { app, of: "alone" } };
  const restartPolicy = chance.pick(["Always", "OnFailure", "Never"]);
  const spec = { restartPolicy, terminationGracePeriodSeconds: 5, ...programSpec(chance) };
  return { of: "pods", manifest: { apiVersion: "v1", kind: "Pod", metadata, spec } };
}

function claim(): Made {
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  const metadata = { name: "kept" };
  return {
    of: "claims",
    manifest: { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata, spec },
  };
}

/** What the unknown image turns out to be: slow to start, falling over, leaking. */
function image(chance: Chance): Made {
  const spec: Record<string, unknown> = {
    repository: "acme.example/shop",
    startSeconds: chance.pick([0, 3, 20]),
    ports: [{ port: 80 }],
    routes: [{ path: "*", body: "shop", delaySeconds: chance.below(3) }],
    logs: [
      { text: "tick", everySeconds: 7 },
      { text: "up", afterSeconds: 2 },
    ],
  };
  if (chance.in100(40)) spec["crashAfterSeconds"] = chance.pick([5, 60]);
  if (chance.in100(30)) spec["memory"] = [{ afterSeconds: 30, quantity: "200Mi" }];
  const metadata = { name: `shop-${chance.below(2)}` };
  return {
    of: "images",
    manifest: { apiVersion: "podyard.dev/v1", kind: "Image", metadata, spec },
  };
}

function service(chance: Chance): Made {
  const app = chance.pick(apps);
  const spec: Record<string, unknown> = {
    selector: { app },
    ports: [{ port: 80, targetPort: 80 }],
  };
  if (chance.in100(30)) spec["type"] = "NodePort";
  else if (chance.in100(20)) spec["clusterIP"] = "None";
  const metadata = named(chance, `svc-${app}`);
  return { of: "services", manifest: { apiVersion: "v1", kind: "Service", metadata, spec } };
}

/** One per app: an eviction under two is refused with 500, as upstream does. */
function budget(chance: Chance): Made {
  const app = chance.pick(apps);
  const bound = chance.in100(60)
    ? { minAvailable: 1 + chance.below(4) }
    : { maxUnavailable: chance.below(2) };
  const spec = { selector: { matchLabels: { app } }, ...bound };
  const manifest = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: `b-${app}` },
    spec,
  };
  return { of: "budgets", manifest };
}

function quota(chance: Chance): Made {
  const spec = { hard: { pods: String(2 + chance.below(12)) } };
  const manifest = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q" }, spec };
  return { of: "quotas", manifest };
}

const makers: { weight: number; make: Maker }[] = [
  { weight: 10, make: deployment },
  { weight: 3, make: replicaSet },
  { weight: 1, make: replicationController },
  { weight: 2, make: daemonSet },
  { weight: 3, make: pod },
  { weight: 4, make: program },
  { weight: 1, make: claim },
  { weight: 1, make: image },
  { weight: 4, make: service },
  { weight: 2, make: budget },
  { weight: 1, make: quota },
  ...workloadMakers,
];

export const random: Maker = (chance) => chance.weighted(makers).make(chance);
