/** The timeline of Jobs, CronJobs and StatefulSets. */
import { expect, test } from "vitest";
import type { TimelineRow } from "../../../durable-objects/engine/past/timeline.ts";
import { World } from "../../helpers/world.ts";

const batch = "/apis/batch/v1/namespaces/default";
const web = "/apis/apps/v1/namespaces/default/statefulsets/web";

const container = { name: "c", image: "busybox:1.36", command: ["sh", "-c", "sleep 5"] };
const template = { spec: { restartPolicy: "Never", containers: [container] } };
const job = (name: string, spec: object): object => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name, namespace: "default" },
  spec: { template, ...spec },
});

function texts(world: World, name: string | RegExp): string[] {
  const all: TimelineRow[] = [];
  for (let after = 0; ;) {
    const page = world.engine.timeline({ after, limit: 500 });
    all.push(...page.items);
    if (page.items.length < 500) break;
    after = page.revision;
  }
  return all
    .filter(
      (row) =>
        row.resource !== "events" &&
        (typeof name === "string" ? row.name === name : name.test(row.name)),
    )
    .map(({ text }) => text);
}

test("of Jobs", () => {
  const world = new World();
  world.create(job("pi", { completions: 3 }));
  world.advance(3000);
  world.patch(`${batch}/jobs/pi`, { spec: { parallelism: 3 } });
  world.patch(`${batch}/jobs/pi`, { spec: { suspend: true } });
  world.advance(40_000);
  world.patch(`${batch}/jobs/pi`, { spec: { suspend: false } });
  world.advance(60_000);
  expect(texts(world, "pi").filter((text) => !text.includes("updated status.terminating"))).toEqual(
    [
      "kubernetes-admin created Job pi",
      "the job-controller: Job pi runs 1 Pod",
      "the job-controller: Job pi has 1 Pod ready",
      "kubernetes-admin changed the parallelism of Job pi from 1 to 3",
      "the job-controller: Job pi runs 3 Pods",
      "kubernetes-admin suspended Job pi",
      "the job-controller: Job pi runs 0 Pods",
      "kubernetes-admin resumed Job pi",
      "the job-controller: Job pi runs 3 Pods",
      "the job-controller: Job pi has 3 Pods ready",
      "the job-controller: Job pi is done once its Pods have ended (CompletionsReached)",
      "the job-controller: Job pi is complete, 3 Pods succeeded (CompletionsReached)",
    ],
  );
  expect(texts(world, /^pi-/)).toContainEqual(
    expect.stringMatching(/^the job-controller is done with Pod pi-\w+, which may go$/),
  );
});

test("of CronJobs", () => {
  const world = new World();
  world.create({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "tick", namespace: "default" },
    spec: { schedule: "* * * * *", jobTemplate: { spec: { template } } },
  });
  world.advance(90_000);
  world.patch(`${batch}/cronjobs/tick`, { spec: { schedule: "@daily", timeZone: "Asia/Tokyo" } });
  world.patch(`${batch}/cronjobs/tick`, { spec: { suspend: true } });
  expect(texts(world, "tick")).toEqual([
    "kubernetes-admin created CronJob tick",
    "the cronjob-controller started the run of CronJob tick that was due at 2026-01-01T00:01:00Z",
    "the cronjob-controller: CronJob tick has 0 Jobs running",
    'kubernetes-admin changed the schedule of CronJob tick from "* * * * *" to "@daily" in Asia/Tokyo',
    "kubernetes-admin suspended CronJob tick",
  ]);
});

test("of StatefulSets", () => {
  const world = new World();
  world.create({
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "web", namespace: "default" },
    spec: {
      serviceName: "web",
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [{ name: "c", image: "nginx:1.27" }],
          terminationGracePeriodSeconds: 1,
        },
      },
    },
  });
  world.settle(60_000);
  const image = [{ name: "c", image: "nginx:1.28" }];
  const rolling = (partition: number): object => ({
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition } },
  });
  world.patch(web, { spec: rolling(1) });
  world.patch(
    web,
    { spec: { template: { spec: { containers: image } } } },
    "application/strategic-merge-patch+json",
  );
  world.settle(60_000);
  world.patch(web, { spec: rolling(0) });
  world.settle(60_000);
  const { updateRevision } = world.get(web).status;
  const told = texts(world, "web");
  for (const text of [
    "kubernetes-admin moved the partition of StatefulSet web from 0 to 1",
    "kubernetes-admin changed the image of container c of StatefulSet web from nginx:1.27 to nginx:1.28",
    `the statefulset-controller is to bring the Pods of StatefulSet web to revision ${updateRevision}`,
    `the statefulset-controller: 1 of 2 Pods of StatefulSet web are of revision ${updateRevision}`,
    "the statefulset-controller: StatefulSet web has 2 of 2 Pods ready",
    "kubernetes-admin moved the partition of StatefulSet web from 1 to 0",
    `the statefulset-controller: all Pods of StatefulSet web are of revision ${updateRevision}`,
  ])
    expect(told).toContain(text);
});
