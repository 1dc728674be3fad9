import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/apis/batch/v1/namespaces/default/cronjobs";
const jobsUrl = "/apis/batch/v1/namespaces/default/jobs";
const minute = 60_000;

const cronJob = (name: string, spec: object, command = "exit 0"): object => ({
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata: { name, namespace: "default" },
  spec: {
    schedule: "* * * * *",
    ...spec,
    jobTemplate: {
      metadata: { labels: { run: name } },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: "Never",
            containers: [{ name: "c", image: "busybox:1.36", command: ["sh", "-c", command] }],
          },
        },
      },
    },
  },
});
const worldWith = (...objects: object[]): World => {
  const world = new World();
  world.create(...objects);
  return world;
};
const names = (world: World, run: string): string[] =>
  world
    .get(`${jobsUrl}?labelSelector=run%3D${run}`)
    // oxlint-disable-next-line no-explicit-any
    .items.map((job: any) => job.metadata.name);
const events = (world: World, name: string): string[] =>
  world
    .get("/api/v1/namespaces/default/events")
    // oxlint-disable-next-line no-explicit-any
    .items.filter((e: any) => e.involvedObject.kind === "CronJob" && e.involvedObject.name === name)
    // oxlint-disable-next-line no-explicit-any
    .map((e: any) => `${e.type} ${e.reason} ${e.message}`);
/** Somebody looks every few minutes, so time does not stand still. */
const watched = (world: World, minutes: number): void => {
  for (let left = minutes; left > 0; left -= 5) {
    world.get(url);
    world.advance(Math.min(left, 5) * minute);
  }
};
/** Minutes since 1970 of 2026-01-01. */
const base = 29_453_760;

describe("CronJob", () => {
  test("D13 makes Jobs by its schedule, keeps the history that it is to keep", () => {
    const world = worldWith(cronJob("tick", {}), cronJob("bad", {}, "exit 1"));
    expect(world.rows(url)[1]).toMatchObject({
      Name: "tick",
      Schedule: "* * * * *",
      Timezone: "<none>",
      Suspend: "False",
      Active: 0,
      "Last Schedule": "<none>",
    });
    world.advance(minute + 1000);
    const [job] = world.get(`${jobsUrl}?labelSelector=run%3Dtick`).items;
    expect(job.metadata.name).toBe(`tick-${base + 1}`);
    expect(job.metadata.annotations).toEqual({
      "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T00:01:00Z",
    });
    expect(job.metadata.ownerReferences[0]).toMatchObject({ kind: "CronJob", controller: true });
    const { status } = world.get(`${url}/tick`);
    expect(status.lastScheduleTime).toBe("2026-01-01T00:01:00Z");
    expect(status.active[0]).toMatchObject({ kind: "Job", name: job.metadata.name });
    world.advance(6 * minute);
    expect(names(world, "tick")).toEqual([4, 5, 6, 7].map((n) => `tick-${base + n}`));
    expect(names(world, "bad")).toEqual([6, 7].map((n) => `bad-${base + n}`));
    const told = events(world, "tick");
    expect(told).toContain(`Normal SuccessfulCreate Created job tick-${base + 1}`);
    expect(told).toContain(
      `Normal SawCompletedJob Saw completed job: tick-${base + 1}, condition: Complete`,
    );
    expect(told).toContain(`Normal SuccessfulDelete Deleted job tick-${base + 1}`);
    expect(events(world, "bad")).toContain(
      `Normal SawCompletedJob Saw completed job: bad-${base + 1}, condition: Failed`,
    );
    expect(world.pods("default", `job-name=tick-${base + 1}`)).toEqual([]);
    expect(world.get(`${url}/tick`).status.lastSuccessfulTime).toMatch(/^2026-01-01T00:0/);
    world.patch(`${url}/tick`, { spec: { suspend: true } });
    world.advance(3 * minute);
    expect(names(world, "tick").at(-1)).toBe(`tick-${base + 7}`);
    world.delete(`${url}/tick`);
    world.advance(minute);
    expect(names(world, "tick")).toEqual([]);
  });

  test("concurrencyPolicy", () => {
    const long = "sleep 150";
    const world = worldWith(
      cronJob("allow", {}, long),
      cronJob("forbid", { concurrencyPolicy: "Forbid" }, long),
      cronJob("replace", { concurrencyPolicy: "Replace" }, long),
    );
    world.advance(2 * minute + 5000);
    expect(names(world, "allow").length).toBe(2);
    expect(names(world, "forbid")).toEqual([`forbid-${base + 1}`]);
    expect(names(world, "replace")).toEqual([`replace-${base + 2}`]);
    expect(events(world, "forbid").at(-1)).toBe(
      "Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid",
    );
    expect(events(world, "replace")).toContain(
      `Normal SuccessfulDelete Deleted job replace-${base + 1}`,
    );
  });

  test("runs missed while suspended: the latest is made up for, within its deadline", () => {
    const paused = { suspend: true };
    const world = worldWith(
      cronJob("late", paused),
      cronJob("never", { ...paused, schedule: "0 * * * *", startingDeadlineSeconds: 20 }),
    );
    watched(world, 125);
    for (const name of ["late", "never"])
      world.patch(`${url}/${name}`, { spec: { suspend: false } });
    world.advance(5000);
    expect(names(world, "late")).toEqual([`late-${base + 125}`]);
    expect(events(world, "late")[0]).toBe(
      "Warning TooManyMissedTimes too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew",
    );
    expect(names(world, "never")).toEqual([]);
  });

  test("time zones, summer time", () => {
    const world = worldWith(
      cronJob("berlin", { schedule: "30 1 * * *", timeZone: "Europe/Berlin" }),
      cronJob("kolkata", { schedule: "0 6 * * *", timeZone: "Asia/Kolkata" }),
    );
    watched(world, 60);
    const [berlin] = world.get(`${jobsUrl}?labelSelector=run%3Dberlin`).items;
    expect(berlin.metadata.name).toBe(`berlin-${base + 30}`);
    expect(Object.values(berlin.metadata.annotations)).toEqual(["2026-01-01T01:30:00+01:00"]);
    const [kolkata] = world.get(`${jobsUrl}?labelSelector=run%3Dkolkata`).items;
    expect(kolkata.metadata.name).toBe(`kolkata-${base + 30}`);
  });

  test("a new schedule looks forward", () => {
    const world = worldWith(cronJob("moved", { schedule: "0 12 * * *" }));
    watched(world, 10);
    world.patch(`${url}/moved`, { spec: { schedule: "*/5 * * * *" } });
    world.advance(1000);
    expect(names(world, "moved")).toEqual([]);
    world.advance(5 * minute);
    expect(names(world, "moved")).toEqual([`moved-${base + 15}`]);
  });

  test("does not keep a sandbox awake that nobody looks at", () => {
    const world = worldWith(cronJob("tick", {}));
    world.advance(60 * minute);
    expect(world.engine.nextDueMs(world.now)).toBeUndefined();
    expect(names(world, "tick").at(-1)).toBe(`tick-${base + 9}`);
    // Time went on where it stood: nothing was missed.
    world.advance(2 * minute);
    expect(names(world, "tick").at(-1)).toBe(`tick-${base + 11}`);
    expect(events(world, "tick").some((text) => text.includes("Miss"))).toBe(false);
  });

  test("a run that is due when nobody looks any more sets no alarm, and is not missed", () => {
    const world = worldWith(cronJob("daily", { schedule: "0 5 * * *" }));
    world.settle();
    expect(world.engine.nextDueMs(world.now)).toBeUndefined();
    const due = Date.parse("2026-01-01T05:00:00.100Z");
    expect(world.engine.nextDueMs(world.now, true)).toBe(due);
    const looked = world.engine.sleepsAtMs - 10 * minute;
    // No alarm came: who looks next finds time where it stood still.
    world.now += 7 * 60 * minute;
    world.get(url);
    expect(world.engine.virtualNow).toBe(looked + 10 * minute);
    expect(names(world, "daily")).toEqual([]);
    watched(world, 5 * 60);
    expect(names(world, "daily")).toEqual([`daily-${base + 300}`]);
    expect(events(world, "daily").some((text) => text.includes("Miss"))).toBe(false);
  });

  test("somebody who looks on keeps time going: the run comes when it is due", () => {
    const world = worldWith(cronJob("daily", { schedule: "0 5 * * *" }));
    world.settle();
    const due = world.engine.nextDueMs(world.now, true) ?? 0;
    world.now = due;
    world.engine.look(world.now, true);
    world.engine.run(world.now);
    expect(names(world, "daily")).toEqual([`daily-${base + 300}`]);
  });

  test("while the Clock stands nothing is missed", () => {
    const world = worldWith(cronJob("tick", {}));
    world.advance(minute + 1000);
    const clock = "/apis/podyard.dev/v1/clocks/cluster";
    world.patch(clock, { spec: { paused: true } });
    world.advance(180 * minute);
    world.patch(clock, { spec: { paused: false } });
    world.advance(minute);
    expect(names(world, "tick")).toEqual([1, 2].map((n) => `tick-${base + n}`));
    expect(events(world, "tick").some((text) => text.includes("Miss"))).toBe(false);
  });

  test.each([
    [100, {}, false],
    [101, {}, true],
    [101, { startingDeadlineSeconds: 600 }, false],
  ])("%i runs missed, with %j: told is %s", (missed, spec, isTold) => {
    const world = worldWith(cronJob("late", { suspend: true, ...spec }));
    watched(world, missed);
    world.advance(30_000);
    world.patch(`${url}/late`, { spec: { suspend: false } });
    world.advance(5000);
    expect(names(world, "late")).toEqual([`late-${base + missed}`]);
    const told = events(world, "late").filter((text) => text.includes("TooManyMissedTimes"));
    expect(told).toHaveLength(isTold ? 1 : 0);
  });

  test("a day that never comes is told, once", () => {
    const world = worldWith(cronJob("never", { schedule: "59 23 31 2 *" }));
    world.advance(3 * minute);
    expect(events(world, "never")).toEqual([
      "Warning InvalidSchedule invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second",
    ]);
  });

  test("bad input in upstream's words", () => {
    const world = new World();
    const refused = (spec: object, name = "x"): string => {
      const { status, body } = world.request("POST", url, cronJob(name, spec));
      expect(status).toBe(422);
      return body.message.replace(/^CronJob.batch "[^"]*" is invalid: /, "");
    };
    expect(refused({ schedule: "* * * *" })).toBe(
      'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]',
    );
    expect(refused({ schedule: "60 * * * *" })).toBe(
      'spec.schedule: Invalid value: "60 * * * *": end of range (60) above maximum (59): 60',
    );
    expect(refused({ schedule: "constructor" })).toBe(
      'spec.schedule: Invalid value: "constructor": expected exactly 5 fields, found 1: [constructor]',
    );
    expect(refused({ schedule: "@never" })).toBe(
      'spec.schedule: Invalid value: "@never": unrecognized descriptor: @never',
    );
    expect(refused({ schedule: "TZ=UTC * * * * *" })).toBe(
      'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    );
    expect(refused({ timeZone: "Mars/Base" })).toBe(
      'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base',
    );
    expect(refused({ concurrencyPolicy: "Maybe" })).toBe(
      'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
    );
    expect(refused({}, "n".repeat(53))).toBe(
      `metadata.name: Invalid value: "${"n".repeat(53)}": must be no more than 52 characters`,
    );
  });
});
