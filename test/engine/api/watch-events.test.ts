import { beforeEach, describe, expect, test } from "vitest";
import { logBytesMax } from "../../../durable-objects/engine/core/limits.ts";
import { World, start, type WatchEvent } from "../../helpers/world.ts";

/** WATCH: what is told, in which order, to whom, and from where on. */

const maps = "/api/v1/namespaces/default/configmaps";
const map = (name: string, labels: object = {}, data: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", labels },
  data,
});
const meta = ";v=v1;g=meta.k8s.io";

let world: World;
let now: number;
beforeEach(() => {
  world = new World();
  now = world.engine.store.rv;
});

const short = (events: WatchEvent[]): string[] =>
  events.map((e) => `${e.type} ${e.object.metadata?.name ?? ""} ${e.object.data?.v ?? ""}`.trim());
const setValue = (name: string, v: string): unknown =>
  world.patch(`${maps}/${name}`, { data: { v } });
const label = (name: string, team: string | null): unknown =>
  world.patch(`${maps}/${name}`, { metadata: { labels: { team } } });

describe("events", () => {
  test("of everything that happens after a revision, in its order", () => {
    const watch = world.watch(`${maps}?watch=1&resourceVersion=${now}`);
    world.create(map("a"));
    setValue("a", "1");
    world.create(map("b"));
    world.delete(`${maps}/a`);
    const events = watch.read();
    expect(short(events)).toEqual(["ADDED a", "MODIFIED a 1", "ADDED b", "DELETED a 1"]);
    const revisions = events.map((e) => Number(e.object.metadata.resourceVersion));
    expect(revisions).toEqual([now + 1, now + 2, now + 3, now + 4]);
    expect(watch.read()).toEqual([]);
  });

  test("of what falls due at the very moment in which the watch is opened", () => {
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "nginx" }] },
    });
    world.until(() => world.pod("p").status.phase === "Running");
    world.delete("/api/v1/namespaces/default/pods/p");
    const { resourceVersion } = world.get("/api/v1/namespaces/default/pods").metadata;
    // The kubelet has not acted yet; by the time of the next request it has.
    world.now += 60_000;
    const watch = world.watch(
      `/api/v1/namespaces/default/pods?watch=1&fieldSelector=metadata.name%3Dp&resourceVersion=${resourceVersion}`,
    );
    expect(watch.read().at(-1)?.type).toBe("DELETED");
  });

  test("a write that changes nothing is none", () => {
    world.create(map("a", {}, { v: "1" }));
    const watch = world.watch(`${maps}?watch=1&resourceVersion=${world.engine.store.rv}`);
    setValue("a", "1");
    expect(watch.read()).toEqual([]);
  });

  test("entering a selection is ADDED, leaving it DELETED with what was seen last", () => {
    world.create(map("a", { team: "red" }, { v: "0" }));
    const watch = world.watch(
      `${maps}?watch=1&labelSelector=team%3Dred&resourceVersion=${world.engine.store.rv}`,
    );
    world.patch(`${maps}/a`, { metadata: { labels: { team: "blue" } }, data: { v: "1" } });
    setValue("a", "2");
    label("a", "red");
    setValue("a", "3");
    world.delete(`${maps}/a`);
    const events = watch.read();
    expect(short(events)).toEqual(["DELETED a 0", "ADDED a 2", "MODIFIED a 3", "DELETED a 3"]);
    expect(events[0]?.object.metadata).toMatchObject({
      labels: { team: "red" },
      resourceVersion: String(now + 2),
    });
  });

  test("by a field: a Pod's node", () => {
    const watch = world.watch(
      `/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dnode-1&resourceVersion=${now}`,
    );
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { schedulerName: "nobody", containers: [{ name: "c", image: "nginx" }] },
    };
    world.create(pod);
    expect(watch.read()).toEqual([]);
    world.request("POST", "/api/v1/namespaces/default/pods/p/binding", {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: "p" },
      target: { kind: "Node", name: "node-1" },
    });
    expect(short(watch.read())).toEqual(["ADDED p"]);
  });

  test("of one name, of one namespace, of all", () => {
    const one = world.watch(
      `${maps}?watch=1&resourceVersion=${now}&fieldSelector=metadata.name%3Da`,
    );
    const old = world.watch(`/api/v1/watch/namespaces/default/configmaps/a?resourceVersion=${now}`);
    const space = world.watch(`/api/v1/watch/namespaces/default/configmaps?resourceVersion=${now}`);
    const all = world.watch(`/api/v1/configmaps?watch=true&resourceVersion=${now}`);
    world.create(map("a"), map("b"), {
      ...map("c"),
      metadata: { name: "c", namespace: "kube-system" },
    });
    expect(short(one.read())).toEqual(["ADDED a"]);
    expect(short(old.read())).toEqual(["ADDED a"]);
    expect(short(space.read())).toEqual(["ADDED a", "ADDED b"]);
    expect(short(all.read())).toEqual(["ADDED a", "ADDED b", "ADDED c"]);
  });
});

describe("forms", () => {
  test("a Table tells its columns once", () => {
    world.create(map("a"));
    const watch = world.watch(`${maps}?watch=1&resourceVersion=0`, {
      accept: `application/json;as=Table${meta}`,
    });
    setValue("a", "1");
    world.create(map("b"));
    const events = watch.read();
    expect(events.every((e) => e.object.kind === "Table" && e.object.rows.length === 1)).toBe(true);
    expect(events.map((e) => e.object.columnDefinitions !== null)).toEqual([
      true,
      ...events.slice(1).map(() => false),
    ]);
    expect(events.at(-1)?.object.rows[0]).toMatchObject({
      cells: ["b", 0, expect.any(String)],
      object: { kind: "PartialObjectMetadata", metadata: { name: "b" } },
    });
  });

  test("metadata alone", () => {
    const watch = world.watch(`${maps}?watch=1&resourceVersion=${now}`, {
      accept: `application/json;as=PartialObjectMetadata${meta}`,
    });
    world.create(map("a", {}, { v: "1" }));
    const [event] = watch.read();
    expect(event?.object).toMatchObject({
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
    });
    expect(event?.object.data).toBeUndefined();
  });

  test("another version of a kind", () => {
    const watch = world.watch(
      `/apis/autoscaling/v1/horizontalpodautoscalers?watch=1&resourceVersion=${now}`,
    );
    world.create({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "h" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" },
        maxReplicas: 3,
      },
    });
    const [event] = watch.read();
    expect(event?.object.apiVersion).toBe("autoscaling/v1");
  });
});

describe("what is there already", () => {
  const bookmark = (events: WatchEvent[]): unknown[] => events.filter((e) => e.type === "BOOKMARK");

  test.each([
    ["", true],
    ["&resourceVersion=0", true],
    ["&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", true],
    ["&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=1", true],
    ["&sendInitialEvents=false&resourceVersionMatch=NotOlderThan", false],
    ["&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0", false],
  ])("comes first with '%s': %s", (query, comes) => {
    world.create(map("a"));
    const { rv } = world.engine.store;
    const watch = world.watch(`${maps}?watch=1&allowWatchBookmarks=true&labelSelector=!x${query}`);
    const events = watch.read();
    expect(short(events).includes("ADDED a")).toBe(comes);
    expect(bookmark(events)).toEqual(
      comes
        ? [
            {
              type: "BOOKMARK",
              object: {
                kind: "ConfigMap",
                apiVersion: "v1",
                metadata: {
                  resourceVersion: String(rv),
                  annotations: { "k8s.io/initial-events-end": "true" },
                },
              },
            },
          ]
        : [],
    );
    setValue("a", "1");
    expect(short(watch.read())).toEqual(["MODIFIED a 1"]);
  });

  test("ends without a bookmark where none is allowed", () => {
    world.create(map("a"));
    expect(bookmark(world.watch(`${maps}?watch=1`).read())).toEqual([]);
  });
});

describe("refusals", () => {
  const invalid = (text: string): string => `ListOptions.meta.k8s.io "" is invalid: ${text}`;
  test.each([
    [
      "sendInitialEvents=true",
      422,
      invalid(
        "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
      ),
    ],
    [
      "resourceVersion=1&resourceVersionMatch=NotOlderThan",
      422,
      invalid(
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
      ),
    ],
    [
      "sendInitialEvents=true&resourceVersionMatch=Exact",
      422,
      invalid(
        '[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
      ),
    ],
    [
      "resourceVersion=x",
      500,
      'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    ],
    ["timeoutSeconds=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      "labelSelector=a+b",
      400,
      "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    ],
  ])("%s: %i", (query, code, message) => {
    const { status, body } = world.request("GET", `${maps}?watch=1&${query}`);
    expect([status, body.message]).toEqual([code, message]);
  });

  test("a name and a selector of another", () => {
    const url = "/api/v1/watch/namespaces/default/configmaps/a?fieldSelector=metadata.name%3Db";
    const { status, body } = world.request("GET", url);
    expect([status, body.message]).toEqual([
      400,
      "fieldSelector metadata.name doesn't match requested name",
    ]);
  });

  test("a list of the future is an ERROR event", () => {
    const query =
      "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999";
    const [event] = world.watch(`${maps}?${query}`).read();
    expect(event).toMatchObject({ type: "ERROR", object: { code: 504, reason: "Timeout" } });
  });

  test("a revision beyond the log's end is an ERROR event, and the end", () => {
    const watch = world.watch(`${maps}?watch=1&resourceVersion=1`);
    expect(watch.read()[0]).toEqual({
      type: "ERROR",
      object: {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: expect.stringMatching(/^too old resource version: 1 \(\d+\)$/),
        reason: "Expired",
        code: 410,
      },
    });
    expect(world.engine.poll(watch.subscription, world.now).ended).toBe(true);
  });
});

describe("going on", () => {
  test("after an eviction nothing is missed, doubled or out of order", () => {
    world.create(map("a", { team: "red" }));
    const { rv } = world.engine.store;
    const before = world.watch(`${maps}?watch=1&resourceVersion=${rv}`);
    const red = world.watch(`${maps}?watch=1&labelSelector=team%3Dred&resourceVersion=${rv}`);
    setValue("a", "1");
    expect(short(before.read())).toEqual(["MODIFIED a 1"]);
    setValue("a", "2");
    label("a", "blue");
    world.evict();
    setValue("a", "3");
    expect(short(before.read())).toEqual(["MODIFIED a 2", "MODIFIED a 2", "MODIFIED a 3"]);
    expect(red.read().map((e) => e.type)).toEqual(["MODIFIED", "MODIFIED", "DELETED"]);
    expect(short(world.watch(`${maps}?watch=1&resourceVersion=${rv}`).read())).toEqual([
      "MODIFIED a 1",
      "MODIFIED a 2",
      "MODIFIED a 2",
      "MODIFIED a 3",
    ]);
  });

  test("a subscription that the log has outrun gets 410", () => {
    const watch = world.watch(`${maps}?watch=1&resourceVersion=${now}`);
    const big = "x".repeat(700_000);
    world.create(map("big"));
    for (let i = 0; i * big.length < logBytesMax + 2_000_000; i++) setValue("big", `${i}${big}`);
    expect(watch.read().map((e) => [e.type, e.object.code])).toEqual([["ERROR", 410]]);
    world.evict();
    expect(world.watch(`${maps}?watch=1&resourceVersion=${now}`).read()[0]?.object.code).toBe(410);
  });

  test("until its time is up, with a last bookmark", () => {
    const watch = world.watch(
      `${maps}?watch=1&allowWatchBookmarks=1&resourceVersion=${now}&timeoutSeconds=5`,
    );
    expect(world.engine.poll(watch.subscription, start + 4_999).ended).toBe(false);
    const { ended, lines } = world.engine.poll(watch.subscription, start + 5_000);
    expect(ended).toBe(true);
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ type: "BOOKMARK" });
  });
});

describe("many", () => {
  test("fifty watchers see the same, each from where it began", () => {
    const seen: string[][] = [];
    const watches = Array.from({ length: 50 }, (_, i) => {
      seen.push([]);
      if (i % 5 === 4) world.create(map(`m${i}`));
      return {
        from: world.engine.store.rv,
        watch: world.watch(`${maps}?watch=1&resourceVersion=${world.engine.store.rv}`),
      };
    });
    const read = (): void =>
      watches.forEach(({ watch }, i) => {
        for (const e of watch.read()) seen[i]?.push(e.object.metadata.resourceVersion);
      });
    for (let round = 0; round < 20; round++) {
      setValue(`m${4 + 5 * (round % 10)}`, String(round));
      if (round % 3 === 0) read();
      if (round === 10) world.evict();
    }
    read();
    const all = seen[0] ?? [];
    expect(all).toHaveLength(30);
    watches.forEach(({ from }, i) =>
      expect(seen[i]).toEqual(all.filter((rv) => Number(rv) > from)),
    );
  });

  test("two clients fighting over one object lose no update", () => {
    world.create(map("n", {}, { v: "0" }));
    const url = `${maps}/n`;
    let conflicts = 0;
    for (let i = 0; i < 20; i++) {
      const read = [world.get(url), world.get(url)];
      for (const mine of read) {
        const body = { ...mine, data: { v: String(Number(mine.data.v) + 1) } };
        const { status, body: answer } = world.request("PUT", url, body);
        if (status === 200) continue;
        conflicts += 1;
        expect([status, answer.message]).toEqual([
          409,
          'Operation cannot be fulfilled on configmaps "n": the object has been modified; please apply your changes to the latest version and try again',
        ]);
        const again = world.get(url);
        const retry = { ...again, data: { v: String(Number(again.data.v) + 1) } };
        expect(world.request("PUT", url, retry).status).toBe(200);
      }
    }
    expect([conflicts, world.get(url).data.v]).toEqual([20, "40"]);
  });
});
