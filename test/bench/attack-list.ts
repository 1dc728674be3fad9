/** What a tenant can send that is meant to stop the process, one row each: added to, never shortened. */
import { WebSocket } from "ws";
import { eventually } from "../helpers/sandbox.ts";
import {
  base64Frames,
  manyMessages,
  portForwardFlood,
  resizeFrame,
  watches,
} from "./attack-streams.ts";
import { terminalAttacks } from "./attack-terminals.ts";
import { core, send, type Attack, type Target } from "./attack-target.ts";

const apply = "application/apply-patch+yaml";
const merge = "application/merge-patch+json";

const pod = (name: string, container: object, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: "a" } },
  spec: { containers: [{ name: "c", image: "busybox:1.36", ...container }], ...spec },
});

const shell = (script: string): object => ({ command: ["sh", "-c", script] });
const a = (count: number): string => "a".repeat(count);

/** A Pod that runs, `box` where nothing else is said. */
async function running(target: Target, container: object, name = "box"): Promise<void> {
  await send(target, "POST", `${core}/pods`, pod(name, container));
  await eventually(
    async () => (await fetch(`${target.api}${core}/pods/${name}`)).text(),
    (text) => /"phase": ?"Running"/.test(text),
    15_000,
  );
}

/** A session in `box`; its end, however it comes. */
function exec(target: Target, script: string): Promise<string> {
  const words = ["sh", "-c", script].map((word) => `command=${encodeURIComponent(word)}`);
  const address = `${target.api.replace(/^http/, "ws")}${core}/pods/box/exec?stdout=true&stderr=true&${words.join("&")}`;
  const socket = new WebSocket(address, "v5.channel.k8s.io");
  let heard = "";
  socket.on("message", (data: Buffer) => (heard ||= data.subarray(1).toString()));
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => resolve(heard));
  });
}

const inBox = (name: string, script: string): Attack => ({
  name,
  prepare: (target) => running(target, shell("sleep 100000")),
  run: (target) => exec(target, script),
});

const posts = (name: string, to: string, body: () => unknown, type?: string): Attack => ({
  name,
  run: (target) => send(target, "POST", to, body(), type),
});

const quantity = (zeros: number): Attack =>
  posts(`quantity of ${zeros.toLocaleString("en-US")} zeros`, `${core}/pods`, () =>
    pod("p", { resources: { requests: { memory: `${"0".repeat(zeros)}!` } } }),
  );

const yaml = (name: string, data: () => string): Attack =>
  posts(
    `YAML: ${name}`,
    `${core}/configmaps`,
    () => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n${data()}`,
    "application/yaml",
  );

/** Lists of lists of one leaf, each of nine aliases of the one before. */
function laughs(): string {
  const lists = ["l0: &l0 [x]"];
  for (let i = 1; i < 12; i++)
    lists.push(
      `l${i}: &l${i} [${Array(9)
        .fill(`*l${i - 1}`)
        .join()}]`,
    );
  return `data:\n  ${lists.join("\n  ")}\n`;
}

function nestedMappings(): string {
  const lines = ["data:"];
  for (let length = 0, depth = 1; length < 2_900_000; depth++) {
    const line = `${" ".repeat(depth)}a:`;
    lines.push(line);
    length += line.length + 1;
  }
  return lines.join("\n");
}

const clock = (name: string, spec: () => object): Attack => ({
  name,
  async prepare(target) {
    for (let i = 0; i < 20; i++)
      await send(target, "POST", `${core}/pods`, pod(`p${i}`, { command: ["false"] }));
    await eventually(
      async () => (await fetch(`${target.api}${core}/pods/p19`)).text(),
      (text) => text.includes("restartCount"),
      15_000,
    );
  },
  run: (target) =>
    send(target, "PATCH", "/apis/podyard.dev/v1/clocks/cluster", { spec: spec() }, merge),
  afterMs: 10_000,
});

const deployment = (replicas: number, spec: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "a" } },
    template: {
      metadata: { labels: { app: "a" } },
      spec: { containers: [{ name: "c", image: "nginx:1.27" }], ...spec },
    },
  },
});

const antiAffinity = {
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: Array.from({ length: 100 }, (_, i) => ({
        weight: 1 + (i % 100),
        podAffinityTerm: {
          topologyKey: "kubernetes.io/hostname",
          labelSelector: {
            matchExpressions: [{ key: "app", operator: "NotIn", values: [`x${i}`] }],
          },
        },
      })),
    },
  },
};

const manyKeys = (prefix: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "c" },
  data: Object.fromEntries(Array.from({ length: 95_000 }, (_, i) => [`${prefix}${i}`, ""])),
});

const oneByOne =
  (...steps: ((target: Target) => Promise<string>)[]): Attack["run"] =>
  async (target) => {
    const heard: string[] = [];
    for (const step of steps) heard.push(await step(target));
    return heard.join(", ");
  };

const ingress = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "i", annotations: { "nginx.ingress.kubernetes.io/use-regex": "true" } },
  spec: {
    ingressClassName: "nginx",
    rules: [
      {
        host: "shop.example",
        http: {
          paths: [
            {
              path: "/(a|a)*$",
              pathType: "ImplementationSpecific",
              backend: { service: { name: "s", port: { number: 80 } } },
            },
          ],
        },
      },
    ],
  },
};

/** As a browser asks for a host of an Ingress. */
async function visitIngress({ url, id, secret }: Target): Promise<string> {
  const headers = { authorization: `Bearer ${secret}` };
  const asked = await fetch(`${url}/api/sandboxes/${id}/preview`, { headers });
  const { url: shown } = (await asked.json()) as { url: string };
  const answer = await fetch(`${shown}ingress/shop.example/${a(27)}!`);
  return String(answer.status);
}

export const attacks: Attack[] = [
  {
    name: "Pod: grep of stars in a row",
    run: (target) =>
      send(
        target,
        "POST",
        `${core}/pods`,
        pod("poison", shell(`echo ${a(300)} | grep 'a*a*a*a*a*a*a*b'; sleep 100000`)),
      ),
    afterMs: 8_000,
  },
  inBox("exec: sed of counted options", `echo ${a(26)} | sed -E 's/(a?){26}b/x/'`),
  inBox("exec: find -regex", `touch /tmp/${a(60)}; find /tmp -regex '.*a*a*a*a*a*a*a*b'`),
  inBox("exec: awk match", `awk 'BEGIN { s = "${a(300)}"; print match(s, /a*a*a*a*a*a*a*b/) }'`),
  {
    name: "Ingress: a path of equal choices",
    prepare: (target) =>
      send(target, "POST", "/apis/networking.k8s.io/v1/namespaces/default/ingresses", ingress),
    run: visitIngress,
  },
  posts("PersistentVolume: path of 40 slashes", "/api/v1/persistentvolumes", () => ({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "v" },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      hostPath: { path: `${"/".repeat(40)}!` },
    },
  })),
  quantity(2_000),
  quantity(10_000),
  {
    ...posts("mountPath of 20,000 slashes", `${core}/pods`, () =>
      pod(
        "p",
        { volumeMounts: [{ name: "v", mountPath: `${"/".repeat(20_000)}a` }] },
        { volumes: [{ name: "v", emptyDir: {} }] },
      ),
    ),
    afterMs: 5_000,
  },
  yaml("nested flow lists", () => `data: ${"[".repeat(1_450_000)}${"]".repeat(1_450_000)}`),
  yaml("nested mappings", nestedMappings),
  yaml("700,000 aliases", () => `a: &a x\nb: [${Array(700_000).fill("*a").join(",")}]\n`),
  yaml("aliases of aliases", laughs),
  posts(
    "JSON of 1,000,000 empty objects",
    `${core}/configmaps`,
    () => `{"metadata":{"name":"c"},"x":[${Array(1_000_000).fill("{}").join()}]}`,
  ),
  {
    name: "ConfigMap of 95,000 keys: POST, PATCH, apply",
    run: oneByOne(
      (target) => send(target, "POST", `${core}/configmaps`, manyKeys("")),
      (target) => send(target, "PATCH", `${core}/configmaps/c`, manyKeys(""), merge),
      (target) =>
        send(
          target,
          "PATCH",
          `${core}/configmaps/c?fieldManager=m&force=true`,
          manyKeys(""),
          apply,
        ),
    ),
  },
  { ...manyMessages, prepare: (target) => running(target, shell("sleep 100000")) },
  { ...resizeFrame, prepare: (target) => running(target, shell("sleep 100000")) },
  { ...base64Frames, prepare: (target) => running(target, shell("sleep 100000")) },
  { ...portForwardFlood, prepare: (target) => running(target, { image: "nginx:1.27" }) },
  clock("Clock: 300 days ahead, 20 crash loops", () => ({
    advanceTo: new Date(Date.now() + 300 * 86_400_000).toISOString().replace(/\.\d+/, ""),
  })),
  clock("Clock: speed 10,000, 20 crash loops", () => ({ speed: 10_000 })),
  {
    ...posts(
      "Deployment of 2,147,483,647 replicas",
      "/apis/apps/v1/namespaces/default/deployments",
      () => deployment(2_147_483_647),
    ),
    afterMs: 15_000,
  },
  {
    ...posts(
      "400 Pods, 100 anti-affinity terms each",
      "/apis/apps/v1/namespaces/default/deployments",
      () => deployment(400, antiAffinity),
    ),
    afterMs: 10_000,
  },
  {
    ...watches(3_000),
    prepare: (target) =>
      send(target, "POST", `${core}/configmaps`, { metadata: { name: "one" }, data: { a: "b" } }),
  },
  ...terminalAttacks,
];
