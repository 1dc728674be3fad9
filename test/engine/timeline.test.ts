import { test } from "vitest";
import { World } from "../helpers/world.ts";
import { deployment } from "./course-world.ts";
test("show", () => {
  const world = new World();
  const rv = world.engine.store.rv;
  world.create(deployment("web", { replicas: 2 }, { name: "c", image: "nginx" }));
  world.create({apiVersion:"v1",kind:"Service",metadata:{name:"web"},spec:{selector:{app:"web"},ports:[{port:80}]}});
  world.advance(30_000);
  world.patch("/apis/apps/v1/namespaces/default/deployments/web", {spec:{replicas:3}});
  world.advance(10_000);
  world.patch("/apis/apps/v1/namespaces/default/deployments/web", {spec:{template:{spec:{containers:[{name:"c",image:"nginx:1.27"}]}}}});
  world.create({apiVersion:"v1",kind:"Pod",metadata:{name:"p"},spec:{containers:[{name:"c",image:"busybox",command:["sh","-c","sleep 2; exit 3"]}]}});
  world.advance(10_000);
  world.patch("/api/v1/nodes/node-1", {spec:{unschedulable:true}});
  world.patch("/api/v1/nodes/node-1", {metadata:{labels:{a:"b"}}});
  world.delete("/api/v1/namespaces/default/services/web");
  world.delete("/api/v1/namespaces/default/pods/p");
  world.advance(40_000);
  for (let a = rv; ; ) { const t = world.engine.timeline({after:a, limit: 500}); for (const r of t.items) console.log(r.revision, r.at, r.by.kind, r.verb, r.text); if (t.items.length<500) break; a=t.revision; }
});
