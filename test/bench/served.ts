/** Podyard on workerd itself, over HTTP on loopback, beside a Durable Object that does nothing. Prints JSON. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { mainModule, type WorkerModules } from "../../scripts/bundle.ts";
import { startServer, type Server } from "../../scripts/server.ts";
import { WebSocket } from "ws";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";
import { ask, fanOut, rate, type Rate } from "./load.ts";

/** A Durable Object that does nothing, behind a Worker that does nothing: what the platform itself costs. */
const noopWorker = `
import { DurableObject } from "cloudflare:workers";
export class SandboxObject extends DurableObject {
  watchers = new Set();
  async fetch(request) {
    if (request.method === "PATCH") {
      const line = new TextEncoder().encode("MODIFIED " + "x".repeat(600) + "\\n");
      for (const watcher of this.watchers) watcher.enqueue(line);
    } else if (request.url.endsWith("?watch=true")) {
      const start = (controller) => void this.watchers.add(controller);
      const headers = { "content-encoding": "identity" };
      return new Response(new ReadableStream({ start }), { headers });
    }
    return new Response("ok");
  }
}
export default {
  fetch: (request, env) =>
    new URL(request.url).pathname === "/healthz"
      ? new Response("ok")
      : env.SANDBOX.getByName(new URL(request.url).pathname).fetch(request),
};`;

const configMap = (name: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data: { a: "b".repeat(100) },
});

async function requests(api: string): Promise<Record<string, Rate>> {
  const maps = `${api}/api/v1/namespaces/default/configmaps`;
  const merge = "application/merge-patch+json";
  await ask("POST", maps, configMap("one"));
  const rates: Record<string, Rate> = {
    get: await rate(3_000, 16, () => ask("GET", `${maps}/one`)),
    create: await rate(500, 16, (i) => ask("POST", maps, configMap(`made-${i + 100}`))),
    "list of 500": await rate(100, 8, () => ask("GET", `${maps}?limit=500`)),
    patch: await rate(500, 16, (i) =>
      ask("PATCH", `${maps}/one`, { data: { n: String(i) } }, merge),
    ),
  };
  return rates;
}

async function delivery(api: string, watchers: number, writes: number): Promise<Rate> {
  const maps = `${api}/api/v1/namespaces/kube-public/configmaps`;
  await ask("POST", maps, configMap(`watched-${watchers}`));
  const name = `watched-${watchers}`;
  const list = JSON.parse(await ask("GET", maps)) as { metadata: { resourceVersion: string } };
  const query = `watch=true&resourceVersion=${list.metadata.resourceVersion}&fieldSelector=metadata.name%3D${name}`;
  return fanOut(`${maps}?${query}`, `${maps}/${name}`, watchers, writes);
}

async function firstAnswers(server: Server, times: number): Promise<Rate> {
  return rate(times, 1, async () => {
    const { apiServer } = await makeSandbox(server.url, { nodes: 3 });
    await ask("GET", `${apiServer}/api/v1/nodes`);
  });
}

/** `kubectl exec box -- true`: from the handshake to the Status that says how it ended. */
async function execs(api: string, times: number): Promise<Rate> {
  const pods = `${api}/api/v1/namespaces/default/pods`;
  const containers = [{ name: "c", image: "busybox:1.36", command: ["sleep", "infinity"] }];
  await ask("POST", pods, { metadata: { name: "box" }, spec: { containers } });
  const phase = async (): Promise<string> =>
    (JSON.parse(await ask("GET", `${pods}/box`)) as { status: { phase: string } }).status.phase;
  await eventually(phase, (seen) => seen === "Running");
  const url = `${pods.replace(/^http/, "ws")}/box/exec?command=true&stdout=true&stderr=true`;
  return rate(
    times,
    1,
    () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url, "v5.channel.k8s.io");
        socket.on("error", reject);
        socket.on("message", (data: Buffer) => {
          if (data[0] !== 3) return;
          socket.close();
          if (data.includes('"Success"')) resolve(undefined);
          else reject(new Error(data.toString()));
        });
        socket.on("close", () => reject(new Error("closed without a status")));
      }),
  );
}

async function withServer<T>(
  script: WorkerModules | undefined,
  body: (server: Server) => Promise<T>,
): Promise<T> {
  const statePath = mkdtempSync(path.join(tmpdir(), "podyard-bench-"));
  const variables = { STREAMS_MAX: "5000" };
  const server = await startServer({
    port: 0,
    host: "127.0.0.1",
    statePath,
    variables,
    ...(script ? { script } : {}),
  });
  try {
    return await body(server);
  } finally {
    await server.stop();
    rmSync(statePath, { recursive: true, force: true });
  }
}

/** Watchers and writes. */
const fans = [
  [1, 100],
  [100, 50],
  [1000, 10],
] as const;

const noop = await withServer({ [mainModule]: noopWorker }, async (server) => {
  const one = (): Promise<Rate> => rate(3_000, 16, () => ask("GET", `${server.url}/`));
  // The first round warms this client up, too.
  await one();
  const rates: Record<string, Rate> = { "no-op object: request": await one() };
  for (const [watchers, writes] of fans) {
    const url = `${server.url}/${watchers}`;
    rates[`no-op object: delivery to ${watchers}`] = await fanOut(
      `${url}?watch=true`,
      url,
      watchers,
      writes,
    );
  }
  return rates;
});
const figures = await withServer(undefined, async (server) => {
  const sandbox = await makeSandbox(server.url, { nodes: 3 });
  const rates = await requests(sandbox.apiServer);
  for (const [watchers, writes] of fans) {
    rates[`delivery to ${watchers}`] = await delivery(sandbox.apiServer, watchers, writes);
  }
  rates["exec of true"] = await execs(sandbox.apiServer, 50);
  rates["POST sandbox to get nodes"] = await firstAnswers(server, 30);
  return rates;
});
console.log(JSON.stringify({ ...noop, ...figures }));
process.exit(0);
