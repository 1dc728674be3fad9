import { World } from "/work/wt/attack/test/helpers/world.ts";
import { readFileSync } from "node:fs";
const defs = JSON.parse(
  readFileSync("/work/wt/attack/test/golden/gateway-api/definitions.json", "utf8"),
);
const world = new World({ nodes: 1 });
for (const d of defs)
  world.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", d);
world.advance(10000);
const G = "/apis/gateway.networking.k8s.io/v1/namespaces/default";
world.request("POST", G + "/gateways", {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "web" },
  spec: { gatewayClassName: "podyard", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
});
world.advance(3000);
let worst = 0;
const N = Number(process.argv[2] ?? 200);
for (let k = 0; k < N; k++) {
  const t = performance.now();
  world.request("POST", G + "/httproutes", {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "r" + k },
    spec: {
      parentRefs: [{ name: "web" }],
      rules: Array.from({ length: 16 }, (_, r) => ({
        matches: Array.from({ length: 8 }, (_, m) => ({
          path: { type: "RegularExpression", value: `/(a|a)*(a?){30}${k}x${r}y${m}$` },
        })),
        backendRefs: [{ name: "s", port: 80 }],
      })),
    },
  });
  const t1 = performance.now();
  world.advance(1000);
  worst = Math.max(worst, performance.now() - t1);
  if (k % 50 === 49) console.log(k, "post", t1 - t, "advance", performance.now() - t1);
}
for (let i = 0; i < 4; i++) {
  const t = performance.now();
  const e = (world as any).engine;
  const a = world.request("POST", "/apis/podyard.dev/v1/namespaces/default/traces", {
    apiVersion: "podyard.dev/v1",
    kind: "Trace",
    metadata: { name: "t" + i },
    spec: { from: {}, url: "http://172.18.255.200/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
  });
  const t1 = performance.now();
  world.advance(2000);
  console.log(a.status, a.text.slice(0, 200), t1 - t, performance.now() - t1);
}
