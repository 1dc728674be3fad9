/** metrics.k8s.io: what `kubectl top` reads. */
import { beforeEach, describe, expect, it } from "vitest";
import { milliValue, value } from "../../../durable-objects/engine/machinery/quantity.ts";
import { World } from "../../helpers/world.ts";

const api = "/apis/metrics.k8s.io/v1beta1";
let w: World;
beforeEach(() => {
  w = new World({ nodes: 2 });
  w.advance(5_000);
});

const pod = (name: string, image: string, command?: string[], limits?: object): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: {
    nodeName: "node-1",
    containers: [
      {
        name: "c",
        image,
        ...(command ? { command } : {}),
        ...(limits ? { resources: { limits } } : {}),
      },
    ],
  },
});

describe("metrics.k8s.io", () => {
  it("is in discovery, in the version that 1.36 has", () => {
    expect(
      w.get("/apis/metrics.k8s.io").versions.map((v: { version: string }) => v.version),
    ).toEqual(["v1beta1"]);
    const { resources } = w.get(api);
    expect(resources.map((r: { name: string; kind: string }) => `${r.name} ${r.kind}`)).toEqual([
      "nodes NodeMetrics",
      "pods PodMetrics",
    ]);
  });

  it("tells what each container uses, once a window has passed", () => {
    w.create(
      pod("web", "nginx:1.29"),
      pod("busy", "busybox:1.36", ["sh", "-c", "while :; do :; done"], { cpu: "200m" }),
    );
    w.advance(12_000);
    const early = w.request("GET", `${api}/namespaces/default/pods/web`);
    expect(early.status).toBe(404);
    expect(early.body.message).toBe('podmetrics.metrics.k8s.io "default/web" not found');
    w.advance(20_000);
    const web = w.get(`${api}/namespaces/default/pods/web`);
    expect(web).toMatchObject({
      kind: "PodMetrics",
      apiVersion: "metrics.k8s.io/v1beta1",
      window: "15s",
    });
    const [{ name, usage }] = web.containers;
    expect(name).toBe("c");
    expect(milliValue(usage.cpu)).toBe(1);
    expect(value(usage.memory)).toBeGreaterThan(2 * 1024 * 1024);
    expect(value(usage.memory)).toBeLessThan(12 * 1024 * 1024);
    const busy = w.get(`${api}/namespaces/default/pods/busy`).containers[0].usage;
    expect(milliValue(busy.cpu)).toBeGreaterThan(150);
    expect(milliValue(busy.cpu)).toBeLessThanOrEqual(200);
  });

  it("lists by namespace and label, as objects and as a Table", () => {
    w.create(pod("web", "nginx:1.29"), pod("other", "nginx:1.29"));
    w.advance(40_000);
    const named = (url: string): string[] =>
      w.get(url).items.map((item: { metadata: { name: string } }) => item.metadata.name);
    expect(named(`${api}/namespaces/default/pods`)).toEqual(["other", "web"]);
    expect(named(`${api}/pods?labelSelector=app%3Dweb`)).toEqual(["web"]);
    expect(w.rows(`${api}/namespaces/default/pods`).map((row) => Object.keys(row))[0]).toEqual([
      "Name",
      "CPU",
      "Memory",
      "Window",
    ]);
    expect(w.request("POST", `${api}/namespaces/default/pods`, {}).status).toBe(405);
  });

  it("adds the system's own use to a node's, and knows nothing of one without power", () => {
    w.advance(30_000);
    const memory = (): number => value(w.get(`${api}/nodes/node-1`).usage.memory);
    const before = memory();
    expect(before).toBeGreaterThan(300 * 1024 * 1024);
    w.create(pod("cache", "redis:7"));
    w.advance(40_000);
    const { usage } = w.get(`${api}/namespaces/default/pods/cache`).containers[0];
    expect(memory() - before).toBe(value(usage.memory));
    w.patch("/api/v1/nodes/node-1", { metadata: { annotations: { "podyard.dev/power": "off" } } });
    w.advance(1_000);
    expect(
      w.get(`${api}/nodes`).items.map((n: { metadata: { name: string } }) => n.metadata.name),
    ).toEqual(["control-plane", "node-2"]);
  });
});
