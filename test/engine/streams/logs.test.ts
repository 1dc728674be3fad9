import { beforeAll, describe, expect, test } from "vitest";
import type { FollowReply } from "../../../durable-objects/engine/ports/request.ts";
import { pod, pods, SessionWorld } from "./streams-world.ts";

const world = new SessionWorld();
const counting = "for i in 1 2 3 4 5; do echo line $i; echo oops $i >&2; sleep 1; done; sleep 1000";

beforeAll(() => {
  world.create(
    pod("count", counting),
    pod(
      "two",
      "echo one",
      {},
      {
        initContainers: [{ name: "init", image: "busybox", command: ["echo", "first"] }],
      },
    ),
    pod("missing", "true", { image: "nginxx" }),
    pod("crash", "echo attempt; exit 1", {}, { restartPolicy: "OnFailure" }),
    pod("pending", "true", {}, { nodeSelector: { no: "where" } }),
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "pair" },
      spec: {
        containers: ["a", "b"].map((name) => ({
          name,
          image: "busybox",
          command: ["sh", "-c", `echo from ${name}; sleep 1000`],
        })),
      },
    },
  );
  world.advance(30_000);
});

const log = (name: string, query = ""): string =>
  world.request("GET", `${pods}/${name}/log?${query}`).text;

test("prints what the container wrote, both streams in order", () => {
  expect(log("count")).toBe([1, 2, 3, 4, 5].map((i) => `line ${i}\noops ${i}\n`).join(""));
});

test.each([
  ["tailLines=3", "oops 4\nline 5\noops 5\n"],
  ["tailLines=0", ""],
  ["stream=Stdout", "line 1\nline 2\nline 3\nline 4\nline 5\n"],
  ["stream=Stderr&limitBytes=10", "oops 1\noop"],
  ["limitBytes=9", "line 1\noo"],
  ["sinceTime=2030-01-01T00:00:00Z", ""],
  ["container=c&tailLines=1", "oops 5\n"],
])("log?%s", (query, expected) => {
  expect(log("count", query)).toBe(expected);
});

test("timestamps stand before each line, and since counts from now", () => {
  const lines = log("count", "timestamps=true").trimEnd().split("\n");
  expect(lines[0]).toMatch(/^2026-01-01T00:00:\d\d\.\d{9}Z line 1$/);
  const third = Date.parse(lines[4]!.slice(0, 30).replace(/\d{6}Z$/, "Z"));
  const seconds = Math.ceil((world.now - third) / 1000);
  expect(log("count", `sinceSeconds=${seconds}`).split("\n")[0]).toBe("line 3");
});

test("containers of one Pod are kept apart, and init containers are read like others", () => {
  expect(log("pair", "container=a")).toBe("from a\n");
  expect(log("pair", "container=b")).toBe("from b\n");
  expect(log("two", "container=init")).toBe("first\n");
  expect(log("two")).toBe("one\n");
});

test("previous is the instance before the last restart", () => {
  expect(log("crash")).toBe("attempt\n");
  expect(log("crash", "previous=true")).toBe("attempt\n");
});

test("a Pod without a node has no log, which is no error", () => {
  const { status, text } = world.request("GET", `${pods}/pending/log`);
  expect([status, text]).toEqual([204, ""]);
});

describe("refusals", () => {
  const invalid = '422 Invalid: PodLogOptions "count" is invalid: ';
  test.each([
    ["nobody/log", '404 NotFound: pods "nobody" not found'],
    [
      "pair/log",
      "400 BadRequest: a container name must be specified for pod pair, choose one of: [a b]",
    ],
    ["pair/log?container=z", "400 BadRequest: container z is not valid for pod pair"],
    [
      "missing/log",
      '400 BadRequest: container "c" in pod "missing" is waiting to start: trying and failing to pull image',
    ],
    [
      "count/log?previous=true",
      '400 BadRequest: previous terminated container "c" in pod "count" not found',
    ],
    [
      "count/log?tailLines=-1",
      `${invalid}tailLines: Invalid value: -1: must be greater than or equal to 0`,
    ],
    ["count/log?limitBytes=0", `${invalid}limitBytes: Invalid value: 0: must be greater than 0`],
    [
      "count/log?sinceSeconds=0",
      `${invalid}sinceSeconds: Invalid value: 0: must be greater than 0`,
    ],
    [
      "count/log?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z",
      `${invalid}: Forbidden: at most one of \`sinceTime\` or \`sinceSeconds\` may be specified`,
    ],
    [
      "count/log?stream=Both",
      `${invalid}stream: Unsupported value: "Both": supported values: "All", "Stderr", "Stdout"`,
    ],
    [
      "count/log?stream=Stdout&tailLines=1",
      `${invalid}: Forbidden: \`tailLines\` and specific \`stream\` are mutually exclusive for now`,
    ],
    [
      "count/log?tailLines=many",
      '400 BadRequest: strconv.ParseInt: parsing "many": invalid syntax',
    ],
  ])("%s", (url, expected) => {
    expect(world.refusal(`${pods}/${url}`)).toBe(expected);
  });

  test("a container that is being made", () => {
    const fresh = new SessionWorld();
    fresh.create(pod("new", "true"));
    fresh.until(() => fresh.pod("new").status.containerStatuses !== undefined);
    expect(fresh.refusal(`${pods}/new/log`)).toBe(
      '400 BadRequest: container "c" in pod "new" is waiting to start: ContainerCreating',
    );
  });
});

describe("follow", () => {
  const follow = (w: SessionWorld, name: string, query = ""): FollowReply => {
    const reply = w.raw("GET", `${pods}/${name}/log?follow=true&${query}`);
    if (reply.type !== "follow") throw new Error(JSON.stringify(reply));
    return reply;
  };

  test("goes on as time passes, through an eviction, and ends with the container", () => {
    const w = new SessionWorld();
    w.create(pod("p", "for i in 1 2 3 4; do echo $i; sleep 10; done"));
    w.until(() => w.pod("p").status.phase === "Running");
    const { text, follow: start } = follow(w, "p");
    let all = text;
    let place = start;
    let ended = false;
    for (let i = 0; i < 10 && !ended; i++) {
      w.advance(6_000);
      w.evict();
      const polled = w.engine.pollLog(JSON.parse(JSON.stringify(place)));
      all += polled.text;
      ({ follow: place, ended } = polled);
    }
    expect(ended).toBe(true);
    expect(all).toBe("1\n2\n3\n4\n");
  });

  test("a limit counts over the whole stream", () => {
    const w = new SessionWorld();
    w.create(pod("p", "while true; do echo abcdefg; sleep 1; done"));
    w.until(() => w.pod("p").status.phase === "Running");
    const reply = follow(w, "p", "limitBytes=20&tailLines=1");
    w.advance(10_000);
    const polled = w.engine.pollLog(reply.follow);
    expect((reply.text + polled.text).length).toBe(20);
    expect(polled.ended).toBe(true);
  });

  test("an ended container's log is an ordinary answer", () => {
    expect(world.request("GET", `${pods}/two/log?follow=true`).text).toBe("one\n");
  });

  test("ends when its Pod is deleted", () => {
    const w = new SessionWorld();
    w.create(pod("p", "echo here; sleep 1000"));
    w.until(() => w.pod("p").status.phase === "Running");
    const reply = follow(w, "p");
    w.delete(`${pods}/p`, { gracePeriodSeconds: 0 });
    w.advance(5_000);
    expect(w.engine.pollLog(reply.follow).ended).toBe(true);
  });
});
