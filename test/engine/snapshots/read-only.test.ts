/** A snapshot that is looked at, without a sandbox: one frozen moment of the Kubernetes API. */
import { describe, expect, test } from "vitest";
import { builtin } from "../../../durable-objects/engine/api/discovery/registry.ts";
import { userOf } from "../../../durable-objects/engine/api/users.ts";
import { sealArtefact, ReadOnlyClusters } from "../../../durable-objects/engine/index.ts";
import { ReadOnlyCluster } from "../../../durable-objects/engine/snapshots/read-only.ts";
import type { ApiRequest, Reply } from "../../../durable-objects/engine/ports/request.ts";
import { World } from "../../helpers/world.ts";

const pods = "/api/v1/namespaces/default/pods";
const tables = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
const counting = "i=0; while true; do i=$((i+1)); echo $i; sleep 1; done";
const shell = (name: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", counting] }] },
});

const world = new World({ nodes: 1 });
world.create(shell("loop"));
world.advance(30_500);
// A jump under way, and a clock that runs fast: none of it may show.
world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { speed: 100 } });
const snapshot = world.engine.snapshot(world.now, { pastAfter: world.engine.store.rv - 5 });
const still = new ReadOnlyCluster(JSON.parse(JSON.stringify(snapshot)));

function ask(method: string, url: string, more: Partial<ApiRequest> = {}): Reply {
  const [path = "", query = ""] = url.split("?");
  return still.answer({ method, path, query, headers: { accept: "application/json" }, ...more });
}
const read = (url: string): unknown => JSON.parse(ask("GET", url).body as string);
const messageOf = (reply: Reply): string =>
  `${reply.status} ${JSON.parse(reply.body as string).message}`;

describe("what is there to read", () => {
  test("is what the cluster answered at that moment, every list of every version, and its Tables", () => {
    for (const { group, version, resources } of builtin.groupVersions) {
      for (const { plural, verbs } of resources) {
        if (!verbs.includes("list")) continue;
        const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
        for (const accept of ["application/json", tables, "application/vnd.kubernetes.protobuf"]) {
          const request = {
            method: "GET",
            path: `${root}/${plural}`,
            query: "",
            headers: { accept },
          };
          const here = still.answer(request);
          const there = world.engine.handle(request, world.now) as Reply;
          expect(here.status, request.path).toBe(there.status);
          expect(here.body, request.path).toEqual(there.body);
        }
      }
    }
  });

  test("stays as it is, whenever one looks", () => {
    const log = (): string => ask("GET", `${pods}/loop/log`).body as string;
    const first = log();
    expect(first.trim().split("\n").length).toBeGreaterThan(20);
    const list = ask("GET", "/api/v1/pods", { headers: { accept: tables } }).body;
    for (let i = 0; i < 3; i++) {
      expect(log()).toBe(first);
      expect(ask("GET", "/api/v1/pods", { headers: { accept: tables } }).body).toBe(list);
    }
    expect(ask("GET", `${pods}/loop/log?follow=true`).body).toBe(first);
    expect(snapshot.revision).toBe(world.engine.store.rv);
  });

  test("is what discovery, OpenAPI and version say, and for a viewer what a viewer sees", () => {
    for (const path of [
      "/api",
      "/apis",
      "/version",
      "/openapi/v2",
      "/openapi/v3",
      "/healthz",
      "/metrics",
    ])
      expect(ask("GET", path).status, path).toBe(200);
    const user = userOf("viewer", "jane");
    expect(ask("GET", pods, { user }).status).toBe(200);
    expect(messageOf(ask("GET", "/api/v1/secrets", { user }))).toMatch(
      /^403 secrets is forbidden: User "jane"/,
    );
    expect(ask("GET", `${pods}/none`).status).toBe(404);
    expect(ask("GET", "/api/v1/nothing").status).toBe(404);
  });

  test("tells its past, as far as that goes along", () => {
    const told = [...still.log.history(0)].map(({ rv, by }) => [rv, by]);
    const known = [...world.engine.log.history(snapshot.revision - 5)].map(({ rv, by }) => [
      rv,
      by,
    ]);
    expect(told).toEqual(known);
    expect(told.length).toBe(5);
  });
});

describe("a watch", () => {
  const lines = (reply: Reply): { type: string; object: { kind: string } }[] =>
    (reply.body as string)
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  test("gets what is there, and ends", () => {
    for (const accept of [
      "application/json",
      "application/vnd.kubernetes.protobuf;stream=watch,application/json",
    ]) {
      const reply = ask("GET", `${pods}?watch=true`, { headers: { accept } });
      expect(reply.headers["content-type"]).toBe("application/json");
      expect(lines(reply).map(({ type, object }) => `${type} ${object.kind}`)).toEqual([
        "ADDED Pod",
      ]);
    }
  });

  test("from a revision on gets what came after it, or is told that it is too old", () => {
    const since = snapshot.revision - 1;
    const reply = ask("GET", `/apis/podyard.dev/v1/clocks?watch=true&resourceVersion=${since}`);
    expect(lines(reply).map(({ type, object }) => `${type} ${object.kind}`)).toEqual([
      "MODIFIED Clock",
    ]);
    expect(lines(ask("GET", `${pods}?watch=true&resourceVersion=1`))[0]?.type).toBe("ERROR");
    expect(lines(ask("GET", `${pods}?watch=true&resourceVersion=${snapshot.revision}`))).toEqual(
      [],
    );
  });
});

test("all else is refused, with a word on what to do instead", () => {
  const said =
    "405 a snapshot is read-only and stands still: fork it, and the fork is a cluster of your own that goes on from here";
  for (const [method, url] of [
    ["POST", pods],
    ["PUT", `${pods}/loop`],
    ["PATCH", `${pods}/loop`],
    ["DELETE", `${pods}/loop`],
    ["DELETE", pods],
    ["OPTIONS", pods],
    ["POST", `${pods}/loop/exec`],
    ["GET", `${pods}/loop/exec?command=sh`],
    ["GET", `${pods}/loop/attach`],
    ["GET", `${pods}/loop/portforward`],
    ["GET", `${pods}/loop/proxy/`],
    ["GET", "/api/v1/nodes/node-1/proxy/metrics"],
    ["POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"],
  ] as const) {
    expect(
      messageOf(ask(method, url, { headers: { upgrade: "websocket" } })),
      `${method} ${url}`,
    ).toBe(said);
  }
  // Its name alone says nothing.
  expect(ask("GET", "/api/v1/namespaces/default/configmaps/exec").status).toBe(404);
  expect((read(pods) as { items: unknown[] }).items).toHaveLength(1);
});

describe("opened snapshots", () => {
  const sealed = sealArtefact(snapshot);
  const bytes = "bytes" in sealed ? sealed.bytes : new Uint8Array();

  test("are kept, the least lately used go, and one that is too large is served all the same", () => {
    const one = new ReadOnlyClusters();
    const first = one.open("a", bytes);
    expect("cluster" in first && one.get("a")).toBe("cluster" in first && first.cluster);
    const each = one.bytes;
    expect(each).toBeGreaterThan(bytes.length);
    const two = new ReadOnlyClusters(2 * each);
    for (const name of ["a", "b"]) two.open(name, bytes);
    two.get("a");
    two.open("c", bytes);
    expect(["a", "b", "c"].map((name) => two.get(name) !== undefined)).toEqual([true, false, true]);
    expect(two.bytes).toBe(2 * each);
    const none = new ReadOnlyClusters(each - 1);
    expect(none.open("a", bytes)).toHaveProperty("cluster");
    expect([none.get("a"), none.bytes]).toEqual([undefined, 0]);
  });

  test("that cannot be opened are told of, and nothing is kept", () => {
    const known = new ReadOnlyClusters();
    expect(known.open("a", bytes.slice(0, -1))).toEqual({
      reason: "the snapshot is damaged or incomplete: its checksum does not match",
    });
    expect(known.bytes).toBe(0);
  });
});
