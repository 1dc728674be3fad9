/** What Kubernetes' conformance tests ask of Jobs and CronJobs. k8s: test/e2e/apps/job.go, cronjob.go */
import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const batch = "/apis/batch/v1/namespaces/default";
const jobs = `${batch}/jobs`;
const cronJobs = `${batch}/cronjobs`;
const podsUrl = "/api/v1/namespaces/default/pods";
const node = "node-1";

/** As their fixtures make them. k8s: test/e2e/framework/job/fixtures.go */
const scripts = {
  succeed: "exit 0",
  fail: "exit 1",
  failOdd: "if [ $(expr ${JOB_COMPLETION_INDEX} % 2) -ne 0 ]; then exit 1; else exit 0; fi",
  failOnce: "if [[ -r /data/foo ]]; then exit 0; else touch /data/foo; exit 1; fi",
  runOncePerIndex:
    "if [[ -r /data/foo-$JOB_COMPLETION_INDEX ]]; then exit 0; fi; touch /data/foo-$JOB_COMPLETION_INDEX; sleep 1000000",
};

const container = (script: keyof typeof scripts | undefined): object => ({
  name: "c",
  ...(script
    ? { image: "busybox:1.37", command: ["/bin/sh", "-c"], args: [scripts[script]] }
    : { image: "registry.k8s.io/pause:3.10" }),
  volumeMounts: [{ name: "data", mountPath: "/data" }],
});

function job(
  name: string,
  script: keyof typeof scripts | undefined,
  spec: object = {},
  pod: object = {},
): { metadata: { name: string; labels?: object }; spec: object } & Record<string, unknown> {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      parallelism: 2,
      completions: 4,
      backoffLimit: 6,
      manualSelector: false,
      ...spec,
      template: {
        metadata: { labels: { job: name } },
        spec: {
          restartPolicy: "Never",
          volumes: [{ name: "data", emptyDir: {} }],
          containers: [container(script)],
          ...pod,
        },
      },
    },
  };
}

/** Its Pods share a folder of one node. */
const onNode = (name: string): object => ({
  terminationGracePeriodSeconds: 1,
  nodeSelector: { "kubernetes.io/hostname": node },
  volumes: [
    { name: "data", hostPath: { path: `/tmp/job-e2e/${name}`, type: "DirectoryOrCreate" } },
  ],
});

// Objects as they come.
type Any = any;
const statusOf = (world: World, name: string): Any => world.get(`${jobs}/${name}`).status;
const reasonOf = (status: Any, type: string): string | undefined =>
  status.conditions?.find((c: Any) => c.type === type && c.status === "True")?.reason;
const ended = (world: World, name: string): boolean =>
  ["Complete", "Failed"].some((type) => reasonOf(statusOf(world, name), type) !== undefined);
const still = { ready: 0, terminating: 0 };

describe("Jobs", () => {
  test("end as their policies say", () => {
    const world = new World();
    const indexed = { completionMode: "Indexed" };
    const inExit = (action: string, values: number[]): object => ({
      podFailurePolicy: { rules: [{ action, onExitCodes: { operator: "In", values } }] },
    });
    const succeeds = (rule: object): object => ({ successPolicy: { rules: [rule] } });
    const perIndex = (limit: number): object => ({
      ...indexed,
      backoffLimit: undefined,
      backoffLimitPerIndex: limit,
    });
    const two = { parallelism: 2, completions: 2 };
    world.create(
      job("policy", "failOnce", inExit("FailJob", [1]), onNode("policy")),
      job("local", "failOnce", {}, { restartPolicy: "OnFailure" }),
      job("all", "succeed", { ...two, ...indexed, ...succeeds({ succeededCount: 2 }) }),
      job("first", "failOdd", {
        completions: 5,
        ...indexed,
        ...succeeds({ succeededIndexes: "0" }),
      }),
      job("one", "failOdd", {
        completions: 5,
        backoffLimit: 2 ** 31 - 1,
        ...indexed,
        ...succeeds({ succeededCount: 1 }),
      }),
      job("per", "failOdd", perIndex(1)),
      job("most", "fail", { ...perIndex(0), parallelism: 1, maxFailedIndexes: 0 }),
      job("index", "failOdd", { ...two, ...perIndex(1), ...inExit("FailIndex", [1]) }),
    );
    const ends: Record<string, [type: string, reason: string, status: object]> = {
      policy: ["Failed", "PodFailurePolicy", {}],
      local: ["Complete", "CompletionsReached", { succeeded: 4, ...still }],
      all: ["Complete", "SuccessPolicy", { succeeded: 2, completedIndexes: "0,1", ...still }],
      first: ["Complete", "SuccessPolicy", { completedIndexes: "0", ...still }],
      one: ["Complete", "SuccessPolicy", { completedIndexes: "0", ...still }],
      per: [
        "Failed",
        "FailedIndexes",
        { failedIndexes: "1,3", completedIndexes: "0,2", failed: 4, succeeded: 2 },
      ],
      most: ["Failed", "MaxFailedIndexesExceeded", { failedIndexes: "0", failed: 1 }],
      index: [
        "Failed",
        "FailedIndexes",
        { failedIndexes: "1", completedIndexes: "0", failed: 1, succeeded: 1 },
      ],
    };
    world.advance(120_000);
    for (const [name, [type, reason, status]] of Object.entries(ends)) {
      const found = statusOf(world, name);
      expect([name, reasonOf(found, type)]).toEqual([name, reason]);
      const before = type === "Complete" ? "SuccessCriteriaMet" : "FailureTarget";
      expect([name, reasonOf(found, before)]).toEqual([name, reason]);
      expect(found).toMatchObject(status);
      expect(found.active).toBeUndefined();
    }
    expect(statusOf(world, "all").failed).toBeUndefined();
  });

  test("an eviction is no failure where DisruptionTarget is ignored", () => {
    const world = new World();
    const rules = [
      { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    ];
    const three = { parallelism: 3, completions: 3, backoffLimit: 2 };
    const spec = { ...three, completionMode: "Indexed", podFailurePolicy: { rules } };
    world.create(job("evicted", "runOncePerIndex", spec, onNode("evicted")));
    world.until(() => statusOf(world, "evicted").ready === 3);
    for (const { metadata } of world.pods()) {
      const eviction = {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { name: metadata.name },
      };
      expect(world.request("POST", `${podsUrl}/${metadata.name}/eviction`, eviction).status).toBe(
        201,
      );
    }
    const old = new Set(world.pods().map((pod) => pod.metadata.uid));
    world.until(() => ended(world, "evicted"));
    expect(world.pods().some((pod) => old.has(pod.metadata.uid))).toBe(false);
    expect(statusOf(world, "evicted")).toMatchObject({ succeeded: 3, completedIndexes: "0-2" });
    expect(reasonOf(statusOf(world, "evicted"), "Complete")).toBe("CompletionsReached");
  });

  test("adopts orphans that match, releases what does not", () => {
    const world = new World();
    world.create(job("adopt", undefined));
    world.until(() => statusOf(world, "adopt").ready === 2);
    const { uid } = world.get(`${jobs}/adopt`).metadata;
    const [pod] = world.pods();
    const url = `${podsUrl}/${pod.metadata.name}`;
    const { ownerReferences: _, ...orphan } = pod.metadata;
    expect(world.request("PUT", url, { ...pod, metadata: orphan }).status).toBe(200);
    const owner = (): Any =>
      world.get(url).metadata.ownerReferences?.find((r: Any) => r.controller);
    world.until(() => owner() !== undefined);
    expect(owner()).toMatchObject({ kind: "Job", name: "adopt", uid });
    const { labels: __, ...bare } = world.get(url).metadata;
    expect(world.request("PUT", url, { ...world.get(url), metadata: bare }).status).toBe(200);
    world.until(() => owner() === undefined);
    // Another takes its place.
    world.until(() => world.pods("default", "job-name=adopt").length === 2);
  });

  test("status is patched, put and read; what is no condition of its own stays", () => {
    const world = new World();
    world.create(job("told", undefined));
    world.until(() => statusOf(world, "told").ready === 2);
    const condition = (lastTransitionTime: string): object => ({
      type: "CustomConditionType",
      status: "True",
      lastTransitionTime,
    });
    const first = condition("2026-01-01T00:00:11Z");
    const patched = world.patch(`${jobs}/told/status`, {
      metadata: { annotations: { patchedstatus: "true" } },
      status: { conditions: [first] },
    }).body;
    expect(patched.metadata.annotations.patchedstatus).toBe("true");
    expect(patched.status.conditions).toMatchObject([first]);
    const read = world.get(`${jobs}/told`);
    const second = condition("2026-01-01T00:00:22Z");
    const put = world.request("PUT", `${jobs}/told/status`, {
      ...read,
      status: { ...read.status, conditions: [second] },
    });
    expect(put.body.status.conditions).toMatchObject([second]);
    world.advance(5000);
    expect(world.get(`${jobs}/told/status`).metadata.uid).toBe(read.metadata.uid);
    expect(statusOf(world, "told").conditions).toMatchObject([second]);
  });

  test("a life: suspended, patched, resumed, found by label, deleted with others", () => {
    const world = new World();
    const watch = world.watch(`${jobs}?watch=true&labelSelector=e2e-job-label%3Dlife`);
    const made = job("life", "succeed", { suspend: true });
    world.create({ ...made, metadata: { name: "life", labels: { "e2e-job-label": "life" } } });
    world.patch(
      `${jobs}/life`,
      { metadata: { labels: { life: "patched" } } },
      "application/strategic-merge-patch+json",
    );
    const read = world.get(`${jobs}/life`);
    const put = world.request("PUT", `${jobs}/life`, {
      ...read,
      metadata: { ...read.metadata, annotations: { updated: "true" } },
      spec: { ...read.spec, suspend: false },
    });
    expect(put.status).toBe(200);
    const listed = world.get("/apis/batch/v1/jobs?labelSelector=e2e-job-label%3Dlife").items;
    expect(listed.map((o: Any) => o.metadata.name)).toEqual(["life"]);
    world.until(() => ended(world, "life"));
    expect(statusOf(world, "life").succeeded).toBe(4);
    const gone = world.delete(`${jobs}?labelSelector=e2e-job-label%3Dlife`, {
      propagationPolicy: "Background",
    });
    expect(gone.status).toBe(200);
    world.advance(30_000);
    expect(world.get("/apis/batch/v1/jobs").items).toEqual([]);
    expect(world.pods()).toEqual([]);
    const told = watch.read().map(({ type }) => type);
    expect([told[0], told.at(-1)]).toEqual(["ADDED", "DELETED"]);
  });
});

test("CronJobs: every verb, and their status", () => {
  const world = new World();
  const made = (name: string): object => ({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name, labels: { "special-label": "e2e" } },
    spec: {
      schedule: "* */1 * * ?",
      concurrencyPolicy: "Allow",
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 0,
      jobTemplate: { spec: job("x", "succeed", { parallelism: 1, completions: 1 }).spec },
    },
  });
  world.create(made("api"));
  const selected = "labelSelector=special-label%3De2e";
  const watch = world.watch(
    `${cronJobs}?watch=true&resourceVersion=${world.get(cronJobs).metadata.resourceVersion}&${selected}`,
  );
  expect(world.get(`${cronJobs}?${selected}`).items).toHaveLength(1);
  expect(world.get(`/apis/batch/v1/cronjobs?${selected}`).items).toHaveLength(1);
  world.patch(`${cronJobs}/api`, { metadata: { annotations: { patched: "true" } } });
  const read = world.get(`${cronJobs}/api`);
  const annotations = { ...read.metadata.annotations, updated: "true" };
  const put = world.request("PUT", `${cronJobs}/api`, {
    ...read,
    metadata: { ...read.metadata, annotations },
  });
  expect(put.body.metadata.annotations).toEqual({ patched: "true", updated: "true" });
  expect(watch.read().map(({ type }) => type)).toEqual(["MODIFIED", "MODIFIED"]);
  const lastScheduleTime = "2026-01-01T00:00:11Z";
  const patched = world.patch(`${cronJobs}/api/status`, {
    metadata: { annotations: { patchedstatus: "true" } },
    status: { lastScheduleTime },
  }).body;
  expect(patched).toMatchObject({
    metadata: { annotations: { patchedstatus: "true" } },
    status: { lastScheduleTime },
  });
  const later = { lastScheduleTime: "2026-01-01T00:00:22Z" };
  const status = world.request("PUT", `${cronJobs}/api/status`, { ...patched, status: later });
  expect(status.body.status).toEqual(later);
  expect(world.get(`${cronJobs}/api/status`).metadata.uid).toBe(read.metadata.uid);
  world.create(made("for-removal"));
  expect(world.delete(`${cronJobs}/for-removal`).status).toBe(200);
  expect(world.request("GET", `${cronJobs}/for-removal`).status).toBe(404);
  expect(world.delete(`${cronJobs}?${selected}`).status).toBe(200);
  expect(world.get(cronJobs).items).toEqual([]);
});
