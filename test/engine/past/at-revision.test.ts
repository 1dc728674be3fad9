/** The Kubernetes API as of a revision: read-only, exactly of that revision, from the log and a checkpoint before. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Reply } from "../../../durable-objects/engine/ports/request.ts";
import { World, type RequestOptions } from "../../helpers/world.ts";
import { deployment } from "../behaviours/behaviour-world.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";
const table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const filling = "x".repeat(2_000);

let world: World;

const map = (name: string, value: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data: { value },
});

function at(
  revision: number,
  url: string,
  method = "GET",
  options: RequestOptions & { body?: object } = {},
  // oxlint-disable-next-line no-explicit-any
): any {
  const [path = "", query = ""] = url.split("?");
  const headers = { accept: options.accept ?? "application/json", ...options.headers };
  const body = options.body && new TextEncoder().encode(JSON.stringify(options.body));
  const request = { method, path, query, headers, ...options.edge, ...(body && { body }) };
  const reply: Reply = world.engine.at(revision, request, world.now);
  return { status: reply.status, body: JSON.parse(String(reply.body)) };
}

const evict = (): void => {
  const sizes = { ...world.engine.log.sizes };
  world.evict();
  Object.assign(world.engine.log.sizes, sizes);
};

beforeEach(() => {
  world = new World();
});

describe("at a revision", () => {
  // The log as it is, and so small that nearly every turn ends with a checkpoint.
  test.each([{}, { checkpoint: 3_000 }])(
    "objects, lists and Tables are of that revision, also within a turn: %o",
    (sizes) => {
      Object.assign(world.engine.log.sizes, sizes);
      world.create(map("a", "one"));
      const first = world.engine.store.rv;
      world.create(deployment("web", { replicas: 3 }));
      world.advance(30_000);
      const lists: [number, string][] = [];
      for (let rv = first; rv <= world.engine.store.rv; rv++) {
        const { status, body } = at(rv, pods);
        expect(status).toBe(200);
        expect(body.metadata.resourceVersion).toBe(String(rv));
        lists.push([rv, body.items.map((o: never) => JSON.stringify(o)).join()]);
        const exact = `${pods}?resourceVersion=${rv}&resourceVersionMatch=Exact`;
        expect(body.items).toEqual(world.get(exact).items);
      }
      expect(new Set(lists.map(([, text]) => text)).size).toBeGreaterThan(10);
      world.patch(`${maps}/a`, { data: { value: "two" } });
      world.delete("/apis/apps/v1/namespaces/default/deployments/web");
      world.advance(60_000);
      expect(at(first, `${maps}/a`).body.data.value).toBe("one");
      expect(at(first, "/apis/apps/v1/namespaces/default/deployments/web").status).toBe(404);
      const running = lists.at(-1)![0];
      const rows = at(running, pods, "GET", { accept: table }).body;
      expect(rows.kind).toBe("Table");
      expect(rows.metadata.resourceVersion).toBe(String(running));
      expect(rows.rows.map((row: { cells: string[] }) => row.cells[2])).toEqual(
        Array.from({ length: 3 }, () => "Running"),
      );
      expect(world.get(pods).items).toEqual([]);
    },
  );

  test("nothing of it is written, and the cluster goes on as if nobody had asked", () => {
    world.create(map("a", "one"));
    const { rv } = world.engine.store;
    const writes = world.sql.writes;
    at(rv - 3, `${pods}?limit=1`);
    at(rv, "/api/v1/nodes");
    expect(world.engine.store.rv).toBe(rv);
    expect(world.sql.writes).toBe(writes);
  });

  test("it can only be read, once", () => {
    world.create(map("a", "one"));
    const { rv } = world.engine.store;
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      expect(at(rv, `${maps}/a`, method)).toMatchObject({
        status: 405,
        body: { kind: "Status", reason: "MethodNotAllowed" },
      });
    }
    for (const url of [`${maps}?watch=1`, `${pods}/p/exec?command=ls`, `${pods}/p/log?follow=1`]) {
      expect(at(rv, url)).toMatchObject({ status: 405, body: { kind: "Status" } });
    }
    expect(world.engine.store.rv).toBe(rv);
  });

  test("an Explanation says why it was so then, and leaves nothing behind", () => {
    const namespaced = "/apis/podyard.dev/v1/namespaces/default/explanations";
    // oxlint-disable-next-line no-explicit-any
    const ask = (revision: number, options: RequestOptions = {}): any =>
      at(revision, namespaced, "POST", {
        ...options,
        body: {
          apiVersion: "podyard.dev/v1",
          kind: "Explanation",
          spec: { kind: "Deployment", name: "web" },
        },
      });
    const broken = { containers: [{ name: "web", image: "nginx:1.92" }] };
    const template = { metadata: { labels: { app: "web" } }, spec: broken };
    world.create(deployment("web", { replicas: 1, template }));
    world.advance(20_000);
    const then = world.engine.store.rv;
    const mended = { template: { spec: { containers: [{ name: "web", image: "nginx:1.29" }] } } };
    world.patch("/apis/apps/v1/namespaces/default/deployments/web", { spec: mended });
    world.advance(60_000);
    const { rv } = world.engine.store;
    const writes = world.sql.writes;
    const { status, body } = ask(then);
    expect([status, body.kind]).toEqual([201, "Explanation"]);
    expect(body.status.sentence).toContain("no tag 1.92");
    expect(body.status.sentence).toContain("The next try is in");
    expect(ask(rv).body.status.sentence).toContain("All is well");
    expect([world.engine.store.rv, world.sql.writes]).toEqual([rv, writes]);
    const jane = { edge: { user: { name: "jane", groups: ["system:authenticated"] } } };
    expect(ask(then, jane)).toMatchObject({ status: 403, body: { reason: "Forbidden" } });
    expect(at(then, `${namespaced}/x`, "PUT").status).toBe(405);
    const other = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    expect(at(then, other, "POST", { body: {} }).status).toBe(405);
  });

  test("who may read is what holds now", () => {
    const user = { name: "jane", groups: [] };
    const role = (verbs: string[]): void =>
      world.apply(
        {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "ClusterRole",
          metadata: { name: "reader" },
          rules: [{ apiGroups: [""], resources: ["configmaps"], verbs }],
        },
        {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "ClusterRoleBinding",
          metadata: { name: "reader" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "reader" },
          subjects: [{ kind: "User", name: "jane", apiGroup: "rbac.authorization.k8s.io" }],
        },
      );
    world.create(map("a", "one"));
    const before = world.engine.store.rv;
    role(["get", "list"]);
    const { rv } = world.engine.store;
    expect(at(before, maps, "GET", { edge: { user } }).status).toBe(200);
    role(["create"]);
    expect(at(rv, maps, "GET", { edge: { user } }).status).toBe(403);
  });
});

describe("how far back", () => {
  test("as far as the log and its checkpoints, and it says so; after a loss of memory too", () => {
    Object.assign(world.engine.log.sizes, { checkpoint: 20_000, log: 200_000 });
    world.create(map("busy", "0"), map("still", "here"));
    const first = world.engine.store.rv;
    for (let i = 0; i < 120; i++)
      world.patch(`${maps}/busy`, { data: { value: `${i} ${filling}` } });
    const { rv } = world.engine.store;
    for (let i = 0; i < 2; i++) {
      const { oldestMoment } = world.engine.log;
      expect(oldestMoment).toBeGreaterThan(first);
      // Half of what the log holds at least.
      expect(rv - oldestMoment).toBeGreaterThan(20);
      expect(at(first, maps)).toMatchObject({
        status: 410,
        body: {
          reason: "Expired",
          message: `too old resource version: ${first} (${oldestMoment})`,
        },
      });
      expect(at(oldestMoment - 1, maps).status).toBe(410);
      for (const known of [oldestMoment, oldestMoment + 7, rv]) {
        const { body } = at(known, maps);
        const values = Object.fromEntries(
          body.items.map((o: { metadata: { name: string }; data: { value: string } }) => [
            o.metadata.name,
            o.data.value?.split(" ")[0],
          ]),
        );
        expect(values).toMatchObject({ busy: String(known - first - 1), still: "here" });
      }
      expect(at(rv + 1, maps)).toMatchObject({ status: 504, body: { reason: "Timeout" } });
      evict();
    }
  });

  test("what it takes on disk is bounded", () => {
    const sizes = { checkpoint: 20_000, log: 200_000, pages: 100_000 };
    Object.assign(world.engine.log.sizes, sizes);
    world.create(map("busy", "0"));
    const kept = (): number => {
      const [row] = world.sql.exec("SELECT SUM(LENGTH(body)) AS b FROM state");
      return Number(row?.["b"]);
    };
    let most = 0;
    for (let i = 0; i < 200; i++) {
      world.patch(`${maps}/busy`, { data: { value: `${i} ${filling}` } });
      most = Math.max(most, kept());
    }
    const [row] = world.sql.exec("SELECT value FROM meta WHERE key = 'checkpoint'");
    const pages = (JSON.parse(String(row?.["value"])) as { pages: [number, string, number][] })
      .pages;
    const newest = pages.reduce((sum, [, , bytes]) => sum + bytes, 0);
    expect(most).toBeGreaterThan(newest);
    expect(most).toBeLessThan(newest + sizes.pages + 10_000);
    evict();
    expect(world.get(maps).items.length).toBe(2);
  });
});
