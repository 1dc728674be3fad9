/** Situations of Jobs, CronJobs and StatefulSets: each caused and explained. */
import { describe, expect, test } from "vitest";
import { cluster, nginx, shell } from "../behaviours/behaviour-world.ts";
import { expectSaid, restsOn, why } from "./asking.ts";

type Row = [target: string, parts: string[], namespace?: string];

const template = (script: string, more: object = {}): object => ({
  spec: { restartPolicy: "Never", containers: [shell("c", script, more)] },
});
const job = (name: string, script: string, spec: object = {}, more: object = {}): object => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: { ...spec, template: template(script, more) },
});
const cron = (name: string, script: string, spec: object, jobSpec: object = {}): object => ({
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata: { name },
  spec: {
    schedule: "* * * * *",
    ...spec,
    jobTemplate: { spec: { ...jobSpec, template: template(script) } },
  },
});
const set = (name: string, replicas: number, container: object): object => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name },
  spec: {
    replicas,
    serviceName: name,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
  },
});
const within = (namespace: string, object: object): object => {
  const { metadata } = object as { metadata: object };
  return { ...object, metadata: { ...metadata, namespace } };
};
const quota = (namespace: string, hard: object): object => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "few", namespace },
  spec: { hard },
});

describe("Jobs, CronJobs and StatefulSets", () => {
  const world = cluster(2);
  world.create(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "small" } },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "none" } },
    quota("small", { pods: "1" }),
    quota("none", { pods: "0", "count/jobs.batch": "1" }),
    job("fails", "echo no table; exit 3", { backoffLimit: 1 }),
    job("late", "sleep 9999", { activeDeadlineSeconds: 20 }),
    job("held", "true", { suspend: true }),
    job("hungry", "true", {}, { resources: { requests: { cpu: "64" } } }),
    job("retries", "exit 4"),
    job("works", "sleep 9999", { activeDeadlineSeconds: 600 }),
    job("done", "true"),
    within("none", job("refused", "true")),
    within("none", cron("refused", "true", {})),
    cron("held", "true", { suspend: true, schedule: "30 6 * * *" }),
    cron("nightly", "true", { schedule: "0 3 * * *", timeZone: "Europe/Berlin" }),
    cron("never", "true", { schedule: "0 0 31 2 *" }),
    cron("slow", "sleep 9999", { concurrencyPolicy: "Forbid" }),
    cron("breaks", "echo no table; exit 5", {}, { backoffLimit: 0 }),
    set("db", 3, shell("c", 'if [ "$HOSTNAME" = db-1 ]; then exit 3; fi; sleep 9999')),
    set("cache", 2, nginx()),
    within("small", set("db", 2, nginx())),
  );
  world.advance(150_000);
  world.patch("/apis/apps/v1/namespaces/default/statefulsets/cache", {
    spec: { template: { spec: { containers: [nginx({ image: "nginx:9.99" })] } } },
  });
  world.advance(15_000);

  test.for<Row>([
    [
      "job/fails",
      [
        "Job default/fails has failed: 2 Pods failed, and its backoffLimit is 1",
        "exit code 3",
        '"no table"',
        "kubectl logs fails-",
        "kubectl get job fails -o json | jq",
      ],
    ],
    [
      "job/late",
      ["has failed: it had 0 of 1 completion after 20s", "activeDeadlineSeconds is 20", "job late"],
    ],
    [
      "job/held",
      ["Job default/held is suspended", "0 Pods run", "kubectl patch job held --type=merge"],
    ],
    [
      "job/hungry",
      ["0 of 1 completion", "0 of the 6 failures", "64 CPU", "kubectl set resources job/hungry"],
    ],
    [
      "job/retries",
      [
        "of the 6 failures that its backoffLimit allows",
        "exit code 4",
        "is made in",
        "logs retries-",
      ],
    ],
    [
      "job/works",
      ["runs: 1 Pod at work, 0 of 1 completion", "left of its activeDeadlineSeconds 600"],
    ],
    ["job/done", ["All is well with Job default/done: 1 of 1 completion"]],
    [
      "job/refused",
      [
        "Job none/refused has 0 of 1 Pod",
        "ResourceQuota none/few",
        "kubectl edit resourcequota few",
      ],
      "none",
    ],
    [
      "cronjob/refused",
      [
        "CronJob none/refused could not make its last Job",
        "exceeded quota: few",
        "kubectl create job refused-now --from=cronjob/refused -n none",
      ],
      "none",
    ],
    [
      "cronjob/held",
      [
        "CronJob default/held is suspended",
        "it has made 0 so far",
        "the run of 2026-01-01 06:30 UTC (in 6h",
        "kubectl patch cronjob held",
      ],
    ],
    [
      "cronjob/nightly",
      [
        "its next Job at 2026-01-01 03:00 Europe/Berlin (in 117m)",
        "0 3 * * * in Europe/Berlin",
        "it has made 0 so far",
        "kubectl create job nightly-now --from=cronjob/nightly",
      ],
    ],
    ["cronjob/never", ["0 0 31 2 *", "within 5 years", "kubectl edit cronjob never"]],
    [
      "cronjob/slow",
      [
        "has left out the run of 2026-01-01 00:02 UTC",
        "concurrencyPolicy is Forbid",
        "Job default/slow-",
        "running for",
        "kubectl delete job slow-",
      ],
    ],
    [
      "cronjob/breaks",
      ["CronJob default/breaks: Job default/breaks-", "has failed", "exit code 5", '"no table"'],
    ],
    [
      "statefulset/db",
      [
        "StatefulSet default/db is stuck at ordinal 1 (3 wanted",
        "db-1 is not ready, and 1 more waits for it",
        "exit code 3",
        "kubectl logs db-1 -c c --previous",
      ],
    ],
    [
      "statefulset/cache",
      [
        "stuck at ordinal 1 (2 wanted",
        "no tag 9.99",
        "kubectl set image statefulset/cache web=nginx:1.29",
        "kubectl delete pod cache-1",
      ],
    ],
    [
      "statefulset/db",
      ["stuck at ordinal 1 (2 wanted", "ResourceQuota small/few", "kubectl edit resourcequota few"],
      "small",
    ],
  ])("%s", ([target, parts, home]) => expectSaid(world, target, parts, home));

  test("what is as wished is no trouble of whoever owns it, and what it rests on is named", () => {
    expect(why(world, "cronjob/nightly").decidedBy).toBe("cronjob-controller");
    expect(restsOn(world, "cronjob/nightly")).toEqual([
      "CronJob/nightly spec.schedule",
      "CronJob/nightly spec.timeZone",
    ]);
    expect(restsOn(world, "job/fails")).toContain("Job/fails spec.backoffLimit");
  });

  test("a paused Clock holds them too", () => {
    world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: true } });
    for (const target of ["cronjob/nightly", "job/works"])
      expectSaid(world, target, ["Nothing moves", "kubectl patch clock cluster"]);
    expectSaid(world, "job/fails", ["has failed", "Time stands still besides"]);
  });
});
