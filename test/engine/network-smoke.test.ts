import { expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf, sleeper, told, whoami } from "./network-world.ts";

test("smoke", () => {
  const world = new NetworkWorld();
  world.create(sleeper("a"), whoami("w1", { labels: { app: "web" } }), whoami("w2", { labels: { app: "web" } }), podOf("n", "nginx"));
  world.create(serviceOf("web", { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] }));
  world.settle();
  console.log(world.print("/api/v1/pods", true));
  for (let i = 0; i < 4; i++) console.log(JSON.stringify(world.ask({ pod: "default/a" }, "web"), null, 1).slice(0, i ? 100 : 3000));
  console.log(told(world.ask({ pod: "default/a" }, world.ip("n"))).slice(0, 80));
  console.log(world.ask({ pod: "default/a" }, { host: world.ip("n"), port: 81 }));
  console.log(world.ask({ pod: "default/a" }, "10.244.1.99"));
  console.log(world.ask({ pod: "default/a" }, "nope"));
  expect(1).toBe(1);
});
