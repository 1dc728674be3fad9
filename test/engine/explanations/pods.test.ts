import { test } from "vitest";
import { cluster, pod, deployment, nginx, shell, service } from "../behaviours/behaviour-world.ts";
import { said, restsOn } from "./asking.ts";

test("explore scheduling", () => {
  const world = cluster(2);
  console.log(world.print("/api/v1/nodes"));
  world.request("PATCH", "/api/v1/nodes/node-2", { spec: { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] }, metadata: {labels: {disk: "sdd"}} }, { type: "application/merge-patch+json" });
  world.create(
    pod("big", { containers: [nginx({ resources: { requests: { cpu: "64" } } })] }),
    pod("picky", { nodeSelector: { disk: "ssd" }, containers: [nginx()] }),
    pod("gated", { schedulingGates: [{ name: "example.com/quota" }], containers: [nginx()] }),
    pod("astray", { nodeName: "node-9", containers: [nginx()] }),
    pod("claims", { volumes: [{ name: "d", persistentVolumeClaim: { claimName: "data" } }], containers: [nginx()] }),
    pod("port-a", { containers: [nginx({ ports: [{ containerPort: 80, hostPort: 8080 }] })] }),
    pod("tag", { containers: [{ name: "web", image: "nginx:1.92" }] }),
    pod("name", { containers: [{ name: "web", image: "ngnix:1.29" }] }),
    pod("host", { containers: [{ name: "web", image: "registry.nowhere.invalid/shop:1" }] }),
    pod("never", { containers: [{ name: "web", image: "redis:7", imagePullPolicy: "Never" }] }),
    pod("cm", { containers: [nginx({ envFrom: [{ configMapRef: { name: "settigns" } }] })] }),
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { colour: "red" } },
    pod("key", { containers: [nginx({ env: [{ name: "C", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } }] })] }),
    pod("vol", { volumes: [{ name: "s", secret: { secretName: "tls" } }], containers: [nginx({ volumeMounts: [{ name: "s", mountPath: "/s" }] })] }),
    pod("cmd", { containers: [{ name: "web", image: "nginx:1.29", command: ["ngnix"] }] }),
    pod("done", { containers: [shell("web", "true")] }),
    pod("err", { containers: [shell("web", "echo no database; exit 3")] }),
    pod("live", { containers: [nginx({ livenessProbe: { httpGet: { path: "/healthz", port: 80 }, periodSeconds: 2 } })] }),
    pod("slow", { containers: [shell("web", "sleep 999", { startupProbe: { tcpSocket: { port: 80 }, periodSeconds: 2, failureThreshold: 2 } })] }),
    pod("unready", { containers: [nginx({ readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 2 } })] }),
    pod("gate", { readinessGates: [{ conditionType: "example.com/lb" }], containers: [nginx()] }),
    pod("init", { initContainers: [shell("wait", "until nslookup db; do sleep 1; done")], containers: [nginx()] }),
    service("db", { selector: { app: "database" }, ports: [{ port: 5432 }] }),
    pod("init2", { initContainers: [shell("migrate", "echo no table; exit 4")], containers: [nginx()] }),
    pod("oom", { containers: [shell("web", "x=$(head -c 90000000 /dev/zero | tr '\\0' x); echo $x | wc -c; sleep 99", { resources: { limits: { memory: "20Mi" } } })] }),
    pod("ok", { containers: [nginx()] }),
  );
  world.advance(20_000);
  for (const p of "big picky gated astray claims port-a tag name host never cm key vol cmd done err live slow unready gate init init2 oom ok".split(" ")) console.log(`${p}: ${said(world, `pod/${p}`)}\n   ${restsOn(world, `pod/${p}`).join(" | ")}`);
  console.log(said(world, "service/db"));
});
