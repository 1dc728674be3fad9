import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/apis/batch/v1/namespaces/default/jobs";

const container = (command: string): object => ({
  name: "c",
  image: "busybox:1.36",
  command: ["sh", "-c", command],
});
const job = (name: string, spec: object, command = "exit 0", policy = "Never"): object => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name, namespace: "default" },
  spec: {
    ...spec,
    template: { spec: { restartPolicy: policy, containers: [container(command)] } },
  },
});
const worldWith = (...objects: object[]): World => {
  const world = new World();
  world.create(...objects);
  return world;
};
const statusOf = (world: World, name: string) => world.get(`${url}/${name}`).status;
// oxlint-disable-next-line no-explicit-any
const conditions = (status: any): string[] =>
  (status.conditions ?? []).map(
    // oxlint-disable-next-line no-explicit-any
    (c: any) => `${c.type}=${c.status} ${c.reason}: ${c.message}`,
  );
const events = (world: World, name: string): string[] =>
  world
    .get("/api/v1/namespaces/default/events")
    // oxlint-disable-next-line no-explicit-any
    .items.filter((e: any) => e.involvedObject.kind === "Job" && e.involvedObject.name === name)
    // oxlint-disable-next-line no-explicit-any
    .map((e: any) => `${e.type} ${e.reason} ${e.message.replace(/-[a-z0-9]{5}$/, "-x")}`);
const ended = (world: World, name: string): boolean =>
  // oxlint-disable-next-line no-explicit-any
  (statusOf(world, name).conditions ?? []).some((c: any) =>
    ["Complete", "Failed"].includes(c.type),
  );
const untilEnded = (world: World, name: string): void =>
  world.until(() => ended(world, name), 3_600_000);

describe("Job", () => {
  test("D12 runs to completion, is counted, told and shown", () => {
    const world = worldWith(job("pi", { completions: 3, parallelism: 2 }, "sleep 5"));
    world.advance(4000);
    expect(statusOf(world, "pi")).toMatchObject({ active: 2, ready: 2, terminating: 0 });
    expect(world.rows(url)[0]).toMatchObject({
      Name: "pi",
      Status: "Running",
      Completions: "0/3",
      Containers: "c",
      Images: "busybox:1.36",
    });
    untilEnded(world, "pi");
    const status = statusOf(world, "pi");
    expect(status).toMatchObject({ succeeded: 3, ready: 0, terminating: 0 });
    expect(status.uncountedTerminatedPods).toEqual({});
    expect(conditions(status)).toEqual([
      "SuccessCriteriaMet=True CompletionsReached: Reached expected number of succeeded pods",
      "Complete=True CompletionsReached: Reached expected number of succeeded pods",
    ]);
    expect(world.rows(url)[0]).toMatchObject({ Status: "Complete", Completions: "3/3" });
    expect(events(world, "pi")).toEqual([
      "Normal SuccessfulCreate Created pod: pi-x",
      "Normal SuccessfulCreate Created pod: pi-x",
      "Normal SuccessfulCreate Created pod: pi-x",
      "Normal Completed Job completed",
    ]);
    expect(world.pods().every((pod) => !pod.metadata.finalizers)).toBe(true);
    const { uid, labels } = world.get(`${url}/pi`).metadata;
    expect(world.pods()[0].metadata.labels).toEqual(labels);
    expect(labels).toEqual({
      "batch.kubernetes.io/controller-uid": uid,
      "batch.kubernetes.io/job-name": "pi",
      "controller-uid": uid,
      "job-name": "pi",
    });
  });

  test("fails after backoffLimit failures, later and later", () => {
    const world = worldWith(job("bad", { backoffLimit: 3 }, "exit 1"));
    untilEnded(world, "bad");
    const status = statusOf(world, "bad");
    expect(status.failed).toBe(4);
    expect(conditions(status)).toEqual([
      "FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit",
      "Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit",
    ]);
    expect(events(world, "bad").at(-1)).toBe(
      "Warning BackoffLimitExceeded Job has reached the specified backoff limit",
    );
    const born = world
      .pods()
      .map((pod) => Date.parse(pod.metadata.creationTimestamp))
      .sort();
    const gaps = born.slice(1).map((at, i) => (at - (born[i] ?? 0)) / 1000);
    // 10, 20 and 40 s after the end of the one before.
    expect(gaps.map((gap) => Math.floor(gap / 10))).toEqual([1, 2, 4]);
  });

  test("Indexed: index as annotation, label, variable and host name; elastic", () => {
    const spec = { completions: 3, parallelism: 3, completionMode: "Indexed" };
    const world = worldWith(job("ix", spec, "echo $JOB_COMPLETION_INDEX $(hostname); sleep 20"));
    world.advance(8000);
    const key = "batch.kubernetes.io/job-completion-index";
    const pods = world.pods("default", `${key}=1`);
    expect(pods.length).toBe(1);
    expect(pods[0].metadata.annotations[key]).toBe("1");
    expect(pods[0].metadata.name).toMatch(/^ix-1-[a-z0-9]{5}$/);
    expect(pods[0].spec.hostname).toBe("ix-1");
    const log = world.request(
      "GET",
      `/api/v1/namespaces/default/pods/${pods[0].metadata.name}/log`,
    ).text;
    expect(log).toBe("1 ix-1\n");
    world.patch(`${url}/ix`, { spec: { completions: 2, parallelism: 2 } });
    world.advance(1500);
    expect(statusOf(world, "ix").active).toBe(2);
    expect(
      world.request(
        "PATCH",
        `${url}/ix`,
        { spec: { completions: 5 } },
        { type: "application/merge-patch+json" },
      ).body.message,
    ).toContain(
      "spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism",
    );
    untilEnded(world, "ix");
    expect(statusOf(world, "ix")).toMatchObject({ completedIndexes: "0,1", succeeded: 2 });
  });

  test("backoffLimitPerIndex, maxFailedIndexes and FailIndex", () => {
    const spec = {
      completions: 4,
      parallelism: 4,
      completionMode: "Indexed",
      backoffLimitPerIndex: 1,
    };
    const odd = "test $(($JOB_COMPLETION_INDEX % 2)) = 0 || exit 3";
    const rules = [{ action: "FailIndex", onExitCodes: { operator: "In", values: [3] } }];
    const world = worldWith(
      job("per", spec, odd),
      job("rule", { ...spec, podFailurePolicy: { rules } }, odd),
      job("most", { ...spec, backoffLimitPerIndex: 0, maxFailedIndexes: 1 }, odd),
    );
    for (const name of ["per", "rule", "most"]) untilEnded(world, name);
    expect(statusOf(world, "per")).toMatchObject({
      completedIndexes: "0,2",
      failedIndexes: "1,3",
      failed: 4,
    });
    expect(conditions(statusOf(world, "per")).at(-1)).toBe(
      "Failed=True FailedIndexes: Job has failed indexes",
    );
    expect(statusOf(world, "rule")).toMatchObject({ failedIndexes: "1,3", failed: 2 });
    expect(conditions(statusOf(world, "most")).at(-1)).toBe(
      "Failed=True MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes",
    );
  });

  test("podFailurePolicy fails the Job, or ignores", () => {
    const policy = (action: string): object => ({
      podFailurePolicy: { rules: [{ action, onExitCodes: { operator: "In", values: [42] } }] },
    });
    const world = worldWith(
      job("stop", policy("FailJob"), "exit 42"),
      job("ignore", { ...policy("Ignore"), backoffLimit: 0, activeDeadlineSeconds: 60 }, "exit 42"),
    );
    untilEnded(world, "stop");
    const [pod] = world.pods("default", "job-name=stop");
    expect(conditions(statusOf(world, "stop")).at(-1)).toBe(
      `Failed=True PodFailurePolicy: Container c for pod default/${pod.metadata.name} failed with exit code 42 matching FailJob rule at index 0`,
    );
    untilEnded(world, "ignore");
    expect(statusOf(world, "ignore").failed ?? 0).toBeLessThanOrEqual(1);
    expect(conditions(statusOf(world, "ignore")).at(-1)).toBe(
      "Failed=True DeadlineExceeded: Job was active longer than specified deadline",
    );
  });

  test("successPolicy ends a Job while others run", () => {
    const spec = {
      completions: 3,
      parallelism: 3,
      completionMode: "Indexed",
      successPolicy: { rules: [{ succeededIndexes: "0" }] },
    };
    const world = worldWith(job("lead", spec, "test $JOB_COMPLETION_INDEX = 0 || sleep 1000"));
    untilEnded(world, "lead");
    expect(statusOf(world, "lead")).toMatchObject({ succeeded: 1, completedIndexes: "0" });
    expect(conditions(statusOf(world, "lead"))).toEqual([
      "SuccessCriteriaMet=True SuccessPolicy: Matched rules at index 0",
      "Complete=True SuccessPolicy: Matched rules at index 0",
    ]);
  });

  test("suspend and resume", () => {
    const world = worldWith(job("halt", { suspend: true }, "sleep 100"));
    world.advance(3000);
    expect(world.pods()).toEqual([]);
    expect(world.rows(url)[0]).toMatchObject({ Status: "Suspended", Duration: "" });
    world.patch(`${url}/halt`, { spec: { suspend: false } });
    world.advance(5000);
    expect(statusOf(world, "halt")).toMatchObject({ active: 1, ready: 1 });
    world.patch(`${url}/halt`, { spec: { suspend: true } });
    world.advance(60_000);
    expect(world.pods()).toEqual([]);
    const status = statusOf(world, "halt");
    expect(status.startTime).toBeUndefined();
    expect(status.failed).toBeUndefined();
    expect(conditions(status)).toEqual(["Suspended=True JobSuspended: Job suspended"]);
    expect(events(world, "halt").map((e) => e.split(" ")[1])).toEqual([
      "Suspended",
      "SuccessfulCreate",
      "Resumed",
      "SuccessfulDelete",
    ]);
  });

  test("activeDeadlineSeconds, ttlSecondsAfterFinished", () => {
    const world = worldWith(
      job("late", { activeDeadlineSeconds: 10 }, "sleep 1000"),
      job("gone", { ttlSecondsAfterFinished: 30 }),
    );
    world.until(() => ended(world, "gone"));
    world.advance(20_000);
    expect(statusOf(world, "gone").succeeded).toBe(1);
    world.advance(20_000);
    expect(world.request("GET", `${url}/gone`).status).toBe(404);
    expect(world.pods("default", "job-name=gone")).toEqual([]);
    untilEnded(world, "late");
    expect(conditions(statusOf(world, "late"))).toEqual([
      "FailureTarget=True DeadlineExceeded: Job was active longer than specified deadline",
      "Failed=True DeadlineExceeded: Job was active longer than specified deadline",
    ]);
  });

  test("OnFailure: restarts of its container count", () => {
    const world = worldWith(job("again", { backoffLimit: 2 }, "exit 1", "OnFailure"));
    untilEnded(world, "again");
    expect(conditions(statusOf(world, "again")).at(-1)).toBe(
      "Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit",
    );
  });

  test("no completions: the first success ends it, no Pod is made any more", () => {
    const world = worldWith(job("queue", { parallelism: 2 }, "sleep 3"));
    untilEnded(world, "queue");
    expect(statusOf(world, "queue").succeeded).toBe(2);
    expect(world.rows(url)[0]).toMatchObject({ Completions: "2/1 of 2" });
  });

  test("deletion: orphans by default, takes its Pods with it on request", () => {
    const world = worldWith(job("one", {}, "sleep 100"), job("two", {}, "sleep 100"));
    world.advance(5000);
    world.delete(`${url}/one`);
    world.delete(`${url}/two`, { propagationPolicy: "Background" });
    world.advance(60_000);
    const left = world.pods();
    expect(left.map((pod) => pod.metadata.labels["job-name"])).toEqual(["one"]);
    expect(left[0].metadata.finalizers).toBeUndefined();
    expect(left[0].metadata.ownerReferences).toBeUndefined();
  });

  test("managedBy another: left alone", () => {
    const world = worldWith(job("other", { managedBy: "acme.io/queue" }));
    world.advance(10_000);
    expect(world.pods()).toEqual([]);
    expect(statusOf(world, "other")).toEqual({});
  });
});

describe("a Job's checks", () => {
  const refused = (spec: object, policy?: string): string => {
    const world = new World();
    const answer = world.request("POST", url, job("x", spec, "exit 0", policy));
    expect(answer.status).toBe(422);
    return answer.body.message;
  };

  test("in upstream's words", () => {
    const prefix = 'Job.batch "x" is invalid: ';
    expect(refused({}, "Always")).toBe(
      `${prefix}spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"`,
    );
    expect(refused({ completions: -1 })).toBe(
      `${prefix}spec.completions: Invalid value: -1: must be greater than or equal to 0`,
    );
    expect(refused({ completionMode: "Indexed", parallelism: 1 })).toBe(
      `${prefix}spec.completions: Required value: when completion mode is Indexed`,
    );
    expect(refused({ backoffLimitPerIndex: 1 })).toBe(
      `${prefix}spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode`,
    );
    expect(refused({ selector: { matchLabels: { a: "b" } } })).toContain(
      "`selector` does not match template `labels`",
    );
    expect(refused({ podFailurePolicy: { rules: [{ action: "Ignore" }] } })).toBe(
      `${prefix}spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`,
    );
    expect(refused({ managedBy: "queue" })).toBe(
      `${prefix}spec.managedBy: Invalid value: "queue": must be a domain-prefixed path (such as "acme.io/foo")`,
    );
  });

  test("what may not change", () => {
    const world = worldWith(job("fixed", { completions: 2 }, "sleep 100"));
    world.advance(2000);
    const patch = (spec: object) =>
      world.request("PATCH", `${url}/fixed`, { spec }, { type: "application/merge-patch+json" });
    expect(patch({ completions: 3 }).body.message).toBe(
      'Job.batch "fixed" is invalid: spec.completions: Invalid value: 3: field is immutable',
    );
    expect(patch({ template: { metadata: { labels: { a: "b" } } } }).body.message).toContain(
      "spec.template: Invalid value:",
    );
    expect(patch({ parallelism: 2 }).status).toBe(200);
    const status = (of: object) =>
      world.request(
        "PATCH",
        `${url}/fixed/status`,
        { status: of },
        { type: "application/merge-patch+json" },
      ).body.message;
    expect(status({ conditions: [{ type: "Complete", status: "True" }] })).toContain(
      "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
    );
  });
});
