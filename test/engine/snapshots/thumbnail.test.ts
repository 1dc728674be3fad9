/** The small picture of a snapshot. */
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../durable-objects/engine/core/object.ts";
import type { Snapshot } from "../../../durable-objects/engine/core/snapshot.ts";
import { thumbnail } from "../../../durable-objects/engine/index.ts";
import { start, World } from "../../helpers/world.ts";

const object = (kind: string, name: string, more: object): [string, KubeObject] => [
  name,
  { apiVersion: "v1", kind, metadata: { name }, ...more } as unknown as KubeObject,
];
const node = (name: string, ready = "True") =>
  object("Node", name, { status: { conditions: [{ type: "Ready", status: ready }] } });
const pod = (name: string, nodeName: string | undefined, phase: string, ready = "True") =>
  object("Pod", name, {
    spec: { nodeName },
    status: { phase, conditions: [{ type: "Ready", status: ready }] },
  });

const snapshotOf = (
  nodes: ReturnType<typeof node>[],
  pods: ReturnType<typeof pod>[],
  name = "lab",
): Snapshot =>
  ({
    birth: { seed: "s", nodes: 1, name, bornMs: start },
    clock: { nowMs: start, baseMs: start, sinceMs: 0, speed: 1, paused: false },
    objects: [
      ["nodes", nodes],
      ["pods", pods],
    ],
  }) as unknown as Snapshot;

/** Fails where a text is no well-formed XML of the few forms that a picture needs; returns its tags. */
function tagsOf(svg: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const known =
    /<(\/?)([a-z]+)((?: [A-Za-z:-]+="[^"<&]*")*)(\/?)>|[^<&]+|&(?:amp|lt|gt|quot|#39);/gy;
  while (known.lastIndex < svg.length) {
    const at = known.lastIndex;
    const found = known.exec(svg);
    if (!found) throw new Error(`no XML at ${svg.slice(at, at + 40)}`);
    const [, closes, name, , empty] = found;
    if (name === undefined) continue;
    if (closes) expect(open.pop()).toBe(name);
    else {
      seen.push(name);
      if (!empty) open.push(name);
    }
  }
  expect(open).toEqual([]);
  return seen;
}

describe("the picture of a snapshot", () => {
  test("shows nodes and Pods by phase, and tells the same in words", () => {
    const svg = thumbnail(
      snapshotOf(
        [node("control-plane"), node("node-1"), node("node-2", "Unknown")],
        [
          pod("a", "node-1", "Running"),
          pod("b", "node-1", "Running", "False"),
          pod("c", "node-2", "Failed"),
          pod("d", undefined, "Pending"),
          pod("e", "node-1", "Running"),
        ],
      ),
    );
    tagsOf(svg);
    expect(svg).toContain('<title id="t">lab, 2026-01-01T00:00:00Z</title>');
    expect(svg).toContain(
      '<desc id="d">3 nodes, 1 of them not ready; 5 Pods: 2 Running, 1 Not ready, 1 Pending, 1 Failed.</desc>',
    );
    expect(svg).toContain('role="img"');
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg.match(/class="name"[^>]*>[^<]*/g)?.map((text) => text.replace(/.*>/, ""))).toEqual([
      "control-plane",
      "node-1",
      "node-2 NotReady",
      "on no node",
    ]);
    const dots = [...svg.matchAll(/<path class="p(\d)" d="([^"]*)"/g)];
    expect(dots.map(([, phase, d]) => [phase, d?.match(/M/g)?.length])).toEqual([
      ["0", 2],
      ["1", 1],
      ["2", 1],
      ["4", 1],
    ]);
    expect(svg.replaceAll(/<[^>]*>/g, "")).toContain(
      "● Running 2   ● Not ready 1   ● Pending 1   ● Failed 1",
    );
  });

  test("is drawn of the state alone", () => {
    const world = new World({ nodes: 1 });
    const one = thumbnail(world.engine.snapshot(world.now));
    world.evict();
    expect(thumbnail(world.engine.snapshot(world.now))).toBe(one);
    tagsOf(one);
    expect(one).toContain("2 nodes;");
  });

  test("of names that mean harm holds none of it", () => {
    const evil = `</text><script>alert("1")</script>`;
    const svg = thumbnail(
      snapshotOf(
        [node(`<a>&"'`), node("\u0000\u0007\ud800\uffff"), node(evil), node("on no node")],
        [pod("p", evil, "<b>"), pod("q", "constructor", "__proto__")],
        `${evil}]]>`,
      ),
    );
    const allowed = new Set(["svg", "title", "desc", "style", "rect", "text", "path", "tspan"]);
    expect(tagsOf(svg).filter((tag) => !allowed.has(tag))).toEqual([]);
    expect(svg).toContain("&lt;a&gt;&amp;&quot;&#39;");
    expect(svg).toContain("????");
    expect(svg).toContain("4 nodes; 2 Pods");
    expect(svg).toContain("2 Pods: 2 Unknown.");
  });

  test("has at most 20 kB, whatever there is, and tells what it leaves out", () => {
    const nodes = Array.from({ length: 256 }, (_, i) => node(`${'"'.repeat(200)}${i}`, "False"));
    const names = ["Running", "Pending", "Succeeded", "Failed"];
    const pods = nodes.flatMap(([name], i) =>
      Array.from({ length: i < 20 ? 500 : 1 }, (_, k) => pod(`p${i}-${k}`, name, names[k % 4]!)),
    );
    const svg = thumbnail(snapshotOf(nodes, pods, '"'.repeat(1_000)));
    tagsOf(svg);
    expect(new TextEncoder().encode(svg).length).toBeLessThan(20_000);
    expect(svg).toContain("and 241 more nodes");
    expect(svg).toContain("NotReady +440");
    expect(thumbnail(snapshotOf([], []))).toContain("no Pods");
  });
});
