import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

/** A kind prints alike in every version it is served in. */

const tables = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
interface Table {
  columnDefinitions: { name: string }[];
  rows: { cells: unknown[] }[];
}
const printed = (world: World, path: string): [string[], unknown[][]] => {
  const { columnDefinitions, rows } = world.request("GET", path, undefined, tables).body as Table;
  return [columnDefinitions.map(({ name }) => name), rows.map(({ cells }) => cells)];
};

test("events: core and events.k8s.io, lists and one by name", () => {
  const world = new World({ nodes: 1 });
  world.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "default" },
    spec: { containers: [{ name: "c", image: "nginx" }] },
  });
  world.settle();
  const [columns, rows] = printed(world, "/api/v1/namespaces/default/events");
  expect(columns.slice(0, 4)).toEqual(["Last Seen", "Type", "Reason", "Object"]);
  expect(rows.map((cells) => cells[3])).toContain("pod/p");
  const newer = "/apis/events.k8s.io/v1/namespaces/default/events";
  expect(printed(world, newer)).toEqual([columns, rows]);
  const name = rows[0]?.at(-1) as string;
  expect(printed(world, `${newer}/${name}`)[1]).toEqual([rows[0]]);
});

test("autoscalers: v1 and v2", () => {
  const world = new World({ nodes: 1 });
  world.create({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "h", namespace: "default" },
    spec: {
      maxReplicas: 4,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      metrics: [
        {
          type: "Resource",
          resource: { name: "memory", target: { type: "Utilization", averageUtilization: 60 } },
        },
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
        },
      ],
    },
  });
  const of = (version: string) =>
    printed(world, `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`);
  const [columns, rows] = of("v2");
  expect(rows[0]?.[1]).toBe("Deployment/web");
  expect(of("v1")[0]).toEqual(columns);
  expect(of("v1")[1][0]?.slice(0, 2)).toEqual(rows[0]?.slice(0, 2));
});
