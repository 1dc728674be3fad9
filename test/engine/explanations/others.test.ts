import { test } from "vitest";
import { cluster, pod, deployment, nginx, shell, service } from "../behaviours/behaviour-world.ts";
import { said, restsOn, review } from "./asking.ts";

const patch = (world: any, url: string, body: unknown) => world.patch(url, body);
test("explore others", () => {
  const world = cluster(2);
  const say = (t: string, ns?: string) => { try { console.log(`${t}: ${said(world, t, ns)}\n   ${restsOn(world, t, ns).join(" | ")}`); } catch (e) { console.log(t, "THREW", e); } };
  world.create(
    deployment("web", { replicas: 3 }),
    deployment("held", { replicas: 1, paused: true }),
    deployment("twin", { replicas: 1, selector: { matchLabels: { app: "twin" } }, template: { metadata: { labels: { app: "twin" } }, spec: { containers: [nginx()] } } }),
    deployment("twin2", { replicas: 1, selector: { matchLabels: { app: "twin" } }, template: { metadata: { labels: { app: "twin" } }, spec: { containers: [nginx()] } } }),
    service("near", { selector: { app: "wev" }, ports: [{ port: 80 }] }),
    service("port", { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] }),
    service("named", { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http" }] }),
    service("good", { selector: { app: "web" }, ports: [{ port: 80 }] }),
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "small" } },
    { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "few", namespace: "small" }, spec: { hard: { pods: "1" } } },
    { ...deployment("api", { replicas: 3 }), metadata: { name: "api", namespace: "small" } },
    { ...service("cart", { ports: [{ port: 80 }] }), metadata: { name: "cart", namespace: "shop" } },
    { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name: "none" }, spec: { ingressClassName: "traefik", rules: [{ host: "a.test", http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "good", port: { number: 80 } } } }] } }] } },
    { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name: "lost" }, spec: { ingressClassName: "nginx", rules: [{ host: "b.test", http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "goood", port: { number: 80 } } } }] } }] } },
    { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: { name: "web" }, spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, maxReplicas: 4 } },
    { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "web" }, spec: { minAvailable: 3, selector: { matchLabels: { app: "web" } } } },
    { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], storageClassName: "fast", resources: { requests: { storage: "1Gi" } } } },
    pod("store", { volumes: [{ name: "d", persistentVolumeClaim: { claimName: "data" } }], containers: [nginx()] }),
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "kept", finalizers: ["example.com/keep"] } },
    { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "agent" }, spec: { selector: { matchLabels: { app: "agent" } }, template: { metadata: { labels: { app: "agent" } }, spec: { containers: [nginx()] } } } },
    pod("client", { containers: [shell("c", "sleep 9999")] }),
    pod("stubborn", { containers: [shell("c", "trap '' TERM; while true; do sleep 1; done")] }),
  );
  world.advance(30_000);
  for (const t of "deployment/web deployment/held deployment/twin service/near service/port service/named service/good ingress/none ingress/lost hpa/web pdb/web pvc/data pod/store daemonset/agent".split(" ")) say(t);
  say("deployment/api", "small");
  const p = world.pods("default", "app=web")[0];
  console.log("policy");
  world.create({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "shut" }, spec: { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress"] } },
    { apiVersion: "podyard.dev/v1", kind: "Trace", metadata: { name: "slow" }, spec: { from: "client", url: "http://good" } },
    { apiVersion: "podyard.dev/v1", kind: "Trace", metadata: { name: "nx" }, spec: { from: "client", url: "http://cart" } },
    { apiVersion: "podyard.dev/v1", kind: "Trace", metadata: { name: "empty" }, spec: { from: "client", url: "http://near" } },
    { apiVersion: "podyard.dev/v1", kind: "Trace", metadata: { name: "out" }, spec: { url: "http://b.test" } },
  );
  world.delete("/api/v1/namespaces/default/configmaps/kept");
  world.delete("/api/v1/namespaces/default/pods/stubborn");
  world.delete("/api/v1/namespaces/shop");
  patch(world, "/apis/apps/v1/namespaces/default/deployments/twin2", { spec: { template: { spec: { containers: [{ name: "web", image: "nginx:9.99" }] } } } });
  patch(world, "/api/v1/nodes/node-1", { spec: { unschedulable: true } });
  world.advance(15_000);
  for (const t of "trace/slow trace/nx trace/empty trace/out networkpolicy/shut configmap/kept pod/stubborn deployment/twin2 node/node-1".split(" ")) say(t);
  say("namespace/shop");
  say("pod/etcd-control-plane", "kube-system");
  console.log(review(world, { resource: "pods", verb: "delete", name: "x", user: "jane", groups: ["dev"] }).body.status);
  patch(world, "/api/v1/nodes/node-2", { metadata: { annotations: { "podyard.dev/power": "off" } } });
  world.advance(60_000);
  say("node/node-2");
  say(`pod/${world.pods("default").find((x: any) => x.spec.nodeName === "node-2").metadata.name}`);
  patch(world, "/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: true } });
  world.create(deployment("later"));
  say("deployment/later"); say("clock/cluster");
});
