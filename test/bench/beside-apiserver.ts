/**
 * Podyard beside the real API server with etcd: one client, both sides in turn, the same 500 Running Pods on each. `KUBE_APISERVER`
 * and `ETCD` name the binaries. Prints JSON.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { startServer } from "../../scripts/server.ts";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";
import { ask, fanOut, quantile, rate, useToken } from "./load.ts";

export interface Beside {
  figure: string;
  /** Median of the rounds' medians. */
  ourMs: number;
  theirMs: number;
  /** Median of the rounds' ratios, ours by theirs. */
  factor: number;
}

const rounds = 5;
const podCount = 500;
const merge = "application/merge-patch+json";
const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

interface Pod {
  metadata: { name: string; labels?: Record<string, string> };
  spec: Record<string, unknown>;
  status: { phase: string };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

const answers = (url: string): Promise<boolean> =>
  ask("GET", url).then(
    () => true,
    () => false,
  );

/** The API server's address; it knows one user, who may do everything. */
async function startReal(folder: string, children: ChildProcess[]): Promise<string> {
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const run = (command: string, args: string[]): void =>
    void children.push(spawn(command, args, { stdio: "ignore" }));
  run(process.env.ETCD ?? "", [
    `--data-dir=${path.join(folder, "etcd")}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
  ]);
  await eventually(() => answers(`${etcd}/health`), Boolean);
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = path.join(folder, "sa.key");
  writeFileSync(key, privateKey.export({ type: "pkcs1", format: "pem" }));
  const tokenFile = path.join(folder, "tokens.csv");
  writeFileSync(tokenFile, "bench,admin,admin,system:masters\n");
  run(process.env.KUBE_APISERVER ?? "", [
    `--etcd-servers=${etcd}`,
    `--cert-dir=${path.join(folder, "certificates")}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    `--token-auth-file=${tokenFile}`,
    "--authorization-mode=AlwaysAllow",
    // There is no controller that would make the accounts it asks for.
    "--disable-admission-plugins=ServiceAccount",
  ]);
  const url = `https://127.0.0.1:${port}`;
  useToken(url, "bench");
  await eventually(() => answers(`${url}/readyz`), Boolean);
  await eventually(() => answers(`${url}/api/v1/namespaces/default`), Boolean);
  return url;
}

const podsOf = (api: string): string => `${api}/api/v1/namespaces/default/pods`;

async function running(api: string): Promise<Pod[]> {
  const { items } = JSON.parse(await ask("GET", podsOf(api))) as { items: Pod[] };
  return items.filter(({ status }) => status.phase === "Running");
}

/** A Deployment's Pods, really run. */
async function fill(api: string): Promise<Pod[]> {
  const labels = { app: "bench" };
  await ask("POST", `${api}/apis/apps/v1/namespaces/default/deployments`, {
    metadata: { name: "bench" },
    spec: {
      replicas: podCount,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "pause", image: "registry.k8s.io/pause:3.10" }] },
      },
    },
  });
  return eventually(
    () => running(api),
    (pods) => pods.length === podCount,
  );
}

/** The same Pods, where nobody runs them: their status is written as it is. */
async function copy(api: string, pods: Pod[]): Promise<void> {
  for (const { metadata, spec, status } of pods) {
    const { name, labels } = metadata;
    await ask("POST", podsOf(api), { metadata: { name, labels }, spec });
    await ask("PATCH", `${podsOf(api)}/${name}/status`, { status }, merge);
  }
}

type Side = { api: string; pod: string };
let made = 0;

const figures: Record<string, (side: Side) => Promise<number>> = {
  get: async ({ api, pod }) =>
    (await rate(400, 1, () => ask("GET", `${podsOf(api)}/${pod}`))).p50Ms,
  "list of 500": async ({ api }) => (await rate(20, 1, () => ask("GET", podsOf(api)))).p50Ms,
  "list of 500 as a Table": async ({ api }) =>
    (await rate(20, 1, () => ask("GET", podsOf(api), undefined, undefined, asTable))).p50Ms,
  create: async ({ api }) =>
    (await rate(150, 1, () => ask("POST", mapsOf(api), configMap(`made-${made++}`)))).p50Ms,
  patch: async ({ api }) =>
    (
      await rate(150, 1, (i) =>
        ask("PATCH", `${mapsOf(api)}/watched`, { data: { n: String(i) } }, merge),
      )
    ).p50Ms,
  "a watch's news to 1": (side) => news(side, 1, 60),
  "a watch's news to 100": (side) => news(side, 100, 20),
};

const mapsOf = (api: string): string => `${api}/api/v1/namespaces/default/configmaps`;
const configMap = (name: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data: { a: "b".repeat(100) },
});

async function news({ api }: Side, watchers: number, writes: number): Promise<number> {
  const maps = mapsOf(api);
  const { metadata } = JSON.parse(await ask("GET", `${maps}?limit=1`)) as {
    metadata: { resourceVersion: string };
  };
  const query = `watch=true&resourceVersion=${metadata.resourceVersion}&fieldSelector=metadata.name%3Dwatched`;
  return (await fanOut(`${maps}?${query}`, `${maps}/watched`, watchers, writes)).p50Ms;
}

const median = (numbers: number[]): number =>
  quantile(
    [...numbers].sort((a, b) => a - b),
    0.5,
  );

async function compare(ours: Side, theirs: Side): Promise<Beside[]> {
  const found: Beside[] = [];
  for (const [figure, measure] of Object.entries(figures)) {
    const pairs: [our: number, their: number][] = [];
    for (let round = 0; round < rounds; round++)
      pairs.push([await measure(ours), await measure(theirs)]);
    found.push({
      figure,
      ourMs: median(pairs.map(([our]) => our)),
      theirMs: median(pairs.map(([, their]) => their)),
      factor: median(pairs.map(([our, their]) => our / their)),
    });
  }
  return found;
}

const folder = mkdtempSync(path.join(tmpdir(), "podyard-real-"));
const children: ChildProcess[] = [];
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});
const theirApi = await startReal(folder, children);
const server = await startServer({
  port: 0,
  host: "127.0.0.1",
  statePath: path.join(folder, "state"),
});
const { apiServer } = await makeSandbox(server.url, { nodes: 6 });
const pods = await fill(apiServer);
await copy(theirApi, pods);
for (const api of [apiServer, theirApi]) await ask("POST", mapsOf(api), configMap("watched"));
const pod = pods[0]?.metadata.name ?? "";
console.log(JSON.stringify(await compare({ api: apiServer, pod }, { api: theirApi, pod })));
process.exit(0);
