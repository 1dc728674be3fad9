/** How far back the log tells: by its revisions alone, whatever is in memory and however turns were cut. */
import { beforeEach, describe, expect, test } from "vitest";
import { World, type Answer } from "../../helpers/world.ts";
import { deployment } from "../behaviours/behaviour-world.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const small = { checkpoint: 20_000, log: 400_000, ring: 30_000 };
const filling = "x".repeat(2_000);

let world: World;

const evict = (): void => {
  const sizes = { ...world.engine.log.sizes };
  world.evict();
  Object.assign(world.engine.log.sizes, sizes);
};

const map = (name: string, value: string, labels: object = {}, namespace = "default"): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace, labels },
  data: { value },
});

const setValue = (name: string, value: string, namespace = "default"): void =>
  void world.patch(`/api/v1/namespaces/${namespace}/configmaps/${name}`, { data: { value } });

/** So many revisions of a namespace's object. */
function churn(count: number, namespace = "default"): void {
  for (let i = 0; i < count; i++) setValue("busy", `${i} ${filling}`, namespace);
}

const at = (rv: number, url = maps): Answer =>
  world.request("GET", `${url}?resourceVersion=${rv}&resourceVersionMatch=Exact`);

// oxlint-disable-next-line no-explicit-any
const values = (answer: Answer): any =>
  Object.fromEntries(
    // oxlint-disable-next-line no-explicit-any
    (answer.body.items ?? []).map((o: any) => [o.metadata.name, o.data?.value]),
  );

const told = (rv: number, query = ""): string[] =>
  world
    .watch(`${maps}?watch=1&resourceVersion=${rv}${query}`)
    .read()
    .map(({ type, object }) => `${type} ${object.metadata?.name ?? object.code}`);

beforeEach(() => {
  world = new World();
  Object.assign(world.engine.log.sizes, small);
  world.create(map("busy", "0"), map("quiet", "first", { team: "red" }));
});

describe("how far the log reaches", () => {
  test("is beyond what memory holds", () => {
    const { rv } = world.engine.store;
    churn(40);
    const expected = Array.from({ length: 40 }, () => "MODIFIED busy");
    expect(told(rv)).toEqual(expected);
    evict();
    expect(told(rv)).toEqual(expected);
    churn(3);
    expect(told(rv).length).toBe(43);
    expect(told(rv + 30).length).toBe(13);
    expect(told(rv + 43)).toEqual([]);
  });

  test("is the same after a loss of memory", () => {
    const { rv } = world.engine.store;
    churn(150);
    const reach = (): number[] =>
      Array.from({ length: 150 }, (_, i) => rv + i).map((from) =>
        told(from)[0]?.startsWith("ERROR") ? 410 : at(from).status,
      );
    const before = reach();
    expect(before[0]).toBe(410);
    expect(before.at(-1)).toBe(200);
    // Of 2 KB each; at least the newest 100 KB are there.
    expect(before.filter((code) => code === 200).length).toBeGreaterThanOrEqual(45);
    evict();
    expect(reach()).toEqual(before);
    // And when it goes on, with memory and without.
    churn(30);
    evict();
    churn(30);
    const after = reach();
    evict();
    expect(reach()).toEqual(after);
  });

  test("does not follow from how turns were cut", () => {
    const grown = (steps: number): [number, number] => {
      world = new World();
      Object.assign(world.engine.log.sizes, { checkpoint: 5_000, log: 100_000, ring: 10_000 });
      world.apply(
        deployment("web", { replicas: 12 }, { name: "c", image: "busybox", command: ["false"] }),
      );
      for (let i = 0; i < steps; i++) {
        world.now += 120_000 / steps;
        // A turn that has used up its budget leaves the rest to the next.
        do world.engine.run(world.now);
        while ((world.engine.nextDueMs(world.now) ?? Infinity) <= world.now);
      }
      return [world.engine.store.rv, world.engine.log.floor];
    };
    const [rv, floor] = grown(1);
    expect(floor).toBeGreaterThan(200);
    expect(grown(60)).toEqual([rv, floor]);
  });

  test("stays bounded on disk however much is recorded beside the revisions", () => {
    const { rv } = world.engine.store;
    for (let i = 0; i < 100; i++) {
      world.engine.store.putRecord("notes", "n", `${i} ${"n".repeat(20_000)}`);
      setValue("quiet", String(i));
    }
    expect(world.engine.log.bytes).toBeLessThan(800_000);
    expect(told(rv).length).toBe(100);
    evict();
    expect(world.engine.store.record("notes", "n")).toMatch(/^99 /);
    expect(told(rv).length).toBe(100);
  });
});

describe("what a turn has not written yet", () => {
  test("is told whoever wrote it: what was committed before the first reconcile, too", () => {
    world = new World();
    const told = (): number[] =>
      [...(world.engine.log.since(world.engine.log.floor) ?? [])].map(({ rv }) => rv);
    const expected = told();
    const { floor } = world.engine.log;
    expect(expected).toEqual(Array.from({ length: expected.length }, (_, i) => floor + 1 + i));
    evict();
    expect(told()).toEqual(expected);
  });

  test("is told even where it is more than memory should hold", () => {
    world.engine.log.sizes.ring = 1;
    world.create(deployment("web", { replicas: 5 }, { name: "c", image: "nginx" }));
    const { rv } = world.engine.store;
    const url = `/api/v1/namespaces/default/pods?watch=1&resourceVersion=${rv}`;
    // The request itself meets all that is due.
    world.now += 60_000;
    const events = world.watch(url).read();
    expect(events.filter(({ type }) => type === "ADDED").length).toBe(5);
    expect(world.watch(url).read()).toEqual(events);
  });
});

describe("a list of the past", () => {
  test("finds on disk what was there before", () => {
    const { rv } = world.engine.store;
    churn(20);
    setValue("quiet", "second");
    const then = world.engine.store.rv;
    churn(20);
    setValue("quiet", "third");
    for (let i = 0; i < 2; i++) {
      expect(values(at(rv))).toMatchObject({ quiet: "first", busy: "0" });
      expect(values(at(then))).toMatchObject({ quiet: "second", busy: `19 ${filling}` });
      expect(at(then).body.items.length).toBe(3);
      evict();
    }
  });

  test("is gone where the log no longer tells it, and only there", () => {
    world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } });
    world.create(map("still", "here", {}, "other"));
    churn(200);
    const { rv } = world.engine.store;
    setValue("quiet", "second");
    for (let i = 0; i < 2; i++) {
      expect(at(rv).status).toBe(410);
      expect(at(rv, "/api/v1/configmaps").status).toBe(410);
      expect(values(at(rv, "/api/v1/namespaces/other/configmaps"))).toMatchObject({
        still: "here",
      });
      evict();
    }
  });

  test("knows what every cluster is born with", () => {
    const { rv } = world.engine.store;
    const names = "/api/v1/namespaces";
    world.patch(`${names}/kube-public`, { metadata: { labels: { seen: "yes" } } });
    for (let i = 0; i < 2; i++) {
      const { body } = at(rv, names);
      // oxlint-disable-next-line no-explicit-any
      const found = body.items.find((o: any) => o.metadata.name === "kube-public");
      expect(found.metadata.labels).toEqual({ "kubernetes.io/metadata.name": "kube-public" });
      evict();
    }
  });
});

test("who leaves a selection is shown as it was last, from disk too", () => {
  const { rv } = world.engine.store;
  setValue("quiet", "red to the last");
  world.patch(`${maps}/quiet`, { metadata: { labels: { team: "blue" } }, data: { value: "blue" } });
  const events = (): unknown[] =>
    world
      .watch(`${maps}?watch=1&labelSelector=team%3Dred&resourceVersion=${rv}`)
      .read()
      .map(({ type, object }) => [type, object.data.value, object.metadata.labels.team]);
  const expected = [
    ["MODIFIED", "red to the last", "red"],
    ["DELETED", "red to the last", "red"],
  ];
  expect(events()).toEqual(expected);
  evict();
  expect(events()).toEqual(expected);
});

test("rows that tell of no revision are not read, however many there are", () => {
  const loop = {
    name: "c",
    image: "busybox:1.36",
    command: ["sh", "-c", "while :; do sleep 1; done"],
  };
  const busy = new World();
  busy.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "loop" },
    spec: { containers: [loop] },
  });
  busy.advance(60_000);
  const { rv } = busy.engine.store;
  busy.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "last" } });
  busy.advance(60_000);
  const { exec } = busy.sql;
  let read = 0;
  busy.sql.exec = (...args: Parameters<typeof exec>) => {
    if (args[0].startsWith("SELECT body FROM log")) read += 1;
    return exec.apply(busy.sql, args);
  };
  const rows = [...busy.engine.log.past.rowsAfter(rv)];
  expect(rows.map(([, row]) => row[5])).toEqual(["last"]);
  expect(read).toBe(1);
  expect(Number(exec.call(busy.sql, "SELECT count(*) AS n FROM log")[0]!["n"])).toBeGreaterThan(50);
});
