/** Programs in containers over the network: requests, sockets, datagrams, delays, evictions in mid-way; port-tcp. */
import { beforeEach, describe, expect, test } from "vitest";
import * as tcp from "../../../durable-objects/engine/network/tcp.ts";
import type { RuntimeContext } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import { network } from "../../../durable-objects/engine/network/network.ts";
import { printed, spawn } from "./network-programs.ts";
import { NetworkWorld, podOf, serviceOf, sleeper, whoami } from "./network-world.ts";

let world: NetworkWorld;
beforeEach(() => {
  world = new NetworkWorld();
  world.create(
    sleeper("a", { spec: { nodeName: "node-1" } }),
    sleeper("b", { spec: { nodeName: "node-2" } }),
    whoami("w"),
    podOf("n", "nginx:1.29"),
    serviceOf("b", {
      selector: { app: "b" },
      ports: [
        { name: "t", port: 7 },
        { name: "u", port: 7, protocol: "UDP" },
      ],
    }),
    serviceOf("w", { selector: { app: "w" }, ports: [{ port: 80, targetPort: 8080 }] }),
  );
  world.settle();
});

/** As port-forward opens it: from inside the Pod. */
const dial = (context: RuntimeContext, pod: string, port: number): string =>
  tcp.openStream(context, { ip: "127.0.0.1" }, pod, port, "127.0.0.1");

const left = (): string[] => [...world.engine.store.recordKeys("network")];

describe("requests of programs", () => {
  test.each([
    ["by a Service's name", ["w"], "200 w\n"],
    ["to nobody", ["b", "81"], "timeout\n"],
    ["to an unknown name", ["nope"], "unknown\n"],
    ["to localhost, where nothing listens", ["localhost", "80"], "refused\n"],
    ["to its own host name", ["a", "80"], "refused\n"],
    ["to a free address", ["10.244.1.99"], "unreachable\n"],
  ])("%s", (_name, args, expected) => {
    spawn(world, "a", "fetch", ...args);
    world.advance(200_000);
    expect(printed(world, "a")).toBe(expected);
    expect(left()).toEqual([]);
  });

  test("localhost of a node is shared by the Pods in its network", () => {
    const hosted = (name: string): object =>
      sleeper(name, { spec: { nodeName: "node-1", hostNetwork: true } });
    world.create(hosted("h1"), hosted("h2"));
    world.settle();
    spawn(world, "h2", "mirror", 9001);
    spawn(world, "h1", "fetch", "localhost", 9001);
    world.advance(1_000);
    expect(printed(world, "h1")).toMatch(/^200 \{"method":"GET"/);
  });

  test("a late answer comes at its moment, across evictions", () => {
    spawn(world, "b", "late", 7, 5_000);
    const began = world.now;
    spawn(world, "a", "fetch", "b", 7);
    world.evict();
    world.advance(4_999);
    world.evict();
    expect(printed(world, "a")).toBe("");
    world.advance(1);
    expect(printed(world, "a")).toBe("200 at last\n");
    expect(world.now - began).toBe(5_000);
    world.advance(120_000);
    expect(left()).toEqual([]);
  });

  test("a Pod deleted while it is asked: the connection breaks", () => {
    spawn(world, "b", "late", 7, 60_000);
    spawn(world, "a", "fetch", "b", 7);
    world.delete("/api/v1/namespaces/default/pods/b", { gracePeriodSeconds: 0 });
    world.advance(10_000);
    expect(printed(world, "a")).toBe("reset\n");
  });

  test("a node that dies in mid-way says nothing until it is back", () => {
    const power = (state: string | null): void =>
      void world.patch("/api/v1/nodes/node-2", {
        metadata: { annotations: { "podyard.dev/power": state } },
      });
    spawn(world, "b", "late", 7, 1_000);
    spawn(world, "b", "echo", 8);
    spawn(world, "a", "fetch", world.ip("b"), 7);
    world.with((context) => tcp.send(context, dial(context, "default/b", 8), "x", false));
    const stream = left().find((id) => id.startsWith("s")) as string;
    power("off");
    world.advance(600_000);
    expect(printed(world, "a")).toBe("");
    expect(world.with((context) => tcp.receive(context, stream))).toBe("X");
    expect(world.with((context) => tcp.receive(context, stream))).toBeUndefined();
    power(null);
    world.advance(330_000);
    expect(printed(world, "a")).toBe("timeout\n");
    expect(world.with((context) => tcp.receive(context, stream))).toBe("");
    world.with((context) => tcp.close(context, stream));
    world.advance(120_000);
    expect(left()).toEqual([]);
  });

  test("a process on a node that dies hears nothing and says nothing", () => {
    spawn(world, "b", "late", 7, 1_000);
    spawn(world, "a", "fetch", world.ip("b"), 7);
    world.patch("/api/v1/nodes/node-1", {
      metadata: { annotations: { "podyard.dev/power": "off" } },
    });
    world.advance(10_000);
    expect(printed(world, "a")).toBe("");
    world.advance(120_000);
    expect(left()).toEqual([]);
  });
});

describe("sockets", () => {
  test.each([
    ["to another node", "a", () => world.ip("b"), "HELLO<end>\n"],
    ["to localhost", "b", () => "127.0.0.1", "HELLO<end>\n"],
    ["to the own address", "b", () => world.ip("b"), "HELLO<end>\n"],
    [
      "to itself through its Service",
      "b",
      () => world.get("/api/v1/namespaces/default/services/b").spec.clusterIP,
      "HELLO<end>\n",
    ],
  ])("%s", (_name, pod, host, expected) => {
    spawn(world, "b", "echo", 7);
    spawn(world, pod, "talk", host(), 7, "hello");
    world.advance(1_000);
    expect(printed(world, pod)).toBe(expected);
    world.advance(120_000);
    expect(left()).toEqual([]);
    const record = world.engine.store.record<{ connections?: object }>("runtime", `default/${pod}`);
    expect(record?.connections ?? {}).toEqual({});
  });

  test("one client after the other, and more than a buffer holds", () => {
    spawn(world, "b", "echo", 7);
    const much = "x".repeat(60_000);
    spawn(world, "a", "talk", world.ip("b"), 7, much);
    spawn(world, "a", "talk", world.ip("b"), 7, "second");
    world.evict();
    world.advance(1_000);
    const text = printed(world, "a");
    expect(text).toContain("SECOND<end>");
    expect(text.replace(/[^X]/g, "").length).toBe(60_000);
  });

  test("HTTP by hand to a web server", () => {
    spawn(
      world,
      "a",
      "talk",
      world.ip("w"),
      8080,
      "GET / HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n",
    );
    world.advance(1_000);
    expect(printed(world, "a")).toBe(
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 1\r\n\r\nw<end>\n",
    );
  });

  test.each([
    ["nobody listens", () => world.ip("b"), "refused\n", 0],
    ["no such host", () => "10.244.2.99", "unreachable\n", 3_072],
    ["nothing answers", () => "203.0.113.1", "timeout\n", 127_000],
  ])("%s", (_name, host, expected, ms) => {
    spawn(world, "a", "talk", host(), 7, "x");
    if (ms) {
      world.advance(ms - 1);
      expect(printed(world, "a")).toBe("");
      world.advance(1);
    }
    expect(printed(world, "a")).toBe(expected);
  });

  test("the server's container ends: the client reads the end", () => {
    spawn(world, "b", "echo", 7);
    world.with((context) => {
      tcp.send(context, dial(context, "default/b", 7), "x", false);
    });
    spawn(world, "a", "talk", world.ip("b"), 7, "waits for its turn");
    world.delete("/api/v1/namespaces/default/pods/b", { gracePeriodSeconds: 0 });
    world.advance(5_000);
    expect(printed(world, "a")).toBe("<end>\n");
  });
});

describe("redis over the network", () => {
  test("commands, and a replica that follows its master by name", () => {
    world.create(
      podOf("redis", "redis:7"),
      serviceOf("redis", { selector: { app: "redis" }, ports: [{ port: 6379 }] }),
      podOf("replica", "redis:7", {
        container: { args: ["redis-server", "--replicaof", "redis", "6379"] },
      }),
    );
    world.settle();
    const ip = world.get("/api/v1/namespaces/default/services/redis").spec.clusterIP;
    spawn(world, "a", "talk", ip, 6379, "SET k 1\r\nINCR k\r\n");
    world.evict();
    world.advance(2_000);
    spawn(world, "a", "talk", world.ip("replica"), 6379, "GET k\r\n");
    world.advance(2_000);
    expect(printed(world, "a")).toBe("+OK\r\n:2\r\n<end>\n$1\r\n2\r\n<end>\n");
  });
});

describe("datagrams and pings", () => {
  const say = (text: string, port = 7): unknown => {
    const host = world.get("/api/v1/namespaces/default/services/b").spec.clusterIP;
    const send = (): ReturnType<typeof network.datagram> =>
      world.with((context) =>
        network.datagram(context, "default/a", { ip: host, port, from: 40_000, bytes: text }),
      );
    for (let i = 0; i < 5; i++) {
      const result = send();
      if (result.done) return "error" in result ? result.error : result.result;
      world.advance((result.dueAtMs as number) - world.engine.virtualNow);
    }
    return "never";
  };
  test("an answer, silence, nobody", () => {
    expect(say("x")).toBe("refused");
    spawn(world, "b", "udp", 7);
    expect(say("hello")).toBe("HELLO");
    expect(say("hush")).toBe("timeout");
    expect(say("x", 8)).toBe("timeout");
  });
  test("ping", () => {
    const ping = (ip: string): unknown =>
      world.with((context) => network.ping(context, "default/a", ip));
    expect(ping(world.ip("b"))).toBeGreaterThan(0);
    expect(ping("172.18.0.3")).toBeGreaterThan(0);
    expect(ping("8.8.8.8")).toBe(9);
    expect(ping("10.96.0.1")).toBeUndefined();
    expect(ping("10.244.1.99")).toBeUndefined();
    world.patch("/api/v1/nodes/node-2", {
      metadata: { annotations: { "podyard.dev/power": "off" } },
    });
    expect(ping(world.ip("b"))).toBeUndefined();
  });
});

describe("N7 port-forward", () => {
  const get = "GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n";
  test("requests one after the other on one stream", () => {
    const stream = world.with((context) => dial(context, "default/w", 8080));
    for (let i = 0; i < 2; i++) {
      world.with((context) => tcp.send(context, stream, get, false));
      expect(world.with((context) => tcp.receive(context, stream))).toMatch(
        /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nw$/,
      );
      expect(world.with((context) => tcp.receive(context, stream))).toBeUndefined();
    }
    world.with((context) => tcp.send(context, stream, "", true));
    expect(world.with((context) => tcp.receive(context, stream))).toBe("");
    expect(left()).toEqual([]);
  });
  test("raw bytes both ways, and a client that goes away", () => {
    spawn(world, "b", "echo", 7);
    const stream = world.with((context) => dial(context, "default/b", 7));
    world.with((context) => tcp.send(context, stream, "ab\x00\x81", false));
    world.evict();
    expect(world.with((context) => tcp.receive(context, stream))).toBe("AB\x00\x81");
    world.with((context) => tcp.close(context, stream));
    expect(left()).toEqual([]);
    spawn(world, "a", "talk", world.ip("b"), 7, "next");
    world.advance(1_000);
    expect(printed(world, "a")).toBe("NEXT<end>\n");
  });
  test("a port nobody listens on ends at once", () => {
    const stream = world.with((context) => dial(context, "default/b", 7));
    expect(world.with((context) => tcp.receive(context, stream))).toBe("");
  });
  test("a client's Pod that goes away hangs up", () => {
    spawn(world, "b", "echo", 7);
    const host = world.ip("b");
    world.with((context) => network.connect(context, "default/a", host, 7));
    expect(left().length).toBe(1);
    world.delete("/api/v1/namespaces/default/pods/a", { gracePeriodSeconds: 0 });
    world.settle();
    expect(left()).toEqual([]);
  });
});
