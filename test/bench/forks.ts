/** What a fork and a snapshot take, on workerd itself, over HTTP on loopback. Prints JSON. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startServer } from "../../scripts/server.ts";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";
import { ask, rate, useToken, type Rate } from "./load.ts";

export interface Forked {
  /** Of a cluster of 100 Pods whose shells count, from the request to the answer; the sandbox that is made runs by then. */
  fork: Rate;
  /** Of its snapshot, stored. */
  snapshot: Rate;
  bytesOfHundred: number;
  /** Of a snapshot of three nodes and 20 Pods. */
  bytesOfTwenty: number;
}

const counting = "n=0; while true; do n=$((n+1)); echo $n; sleep 1; done";
const [large, small] = [100, 20];

async function ready(api: string, replicas: number): Promise<void> {
  const labels = { app: "count" };
  const containers = [{ name: "c", image: "busybox:1.36", command: ["sh", "-c", counting] }];
  const template = { metadata: { labels }, spec: { containers } };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  const deployments = `${api}/apis/apps/v1/namespaces/default/deployments`;
  await ask("POST", deployments, { metadata: { name: "count" }, spec });
  await eventually(
    async () => JSON.parse(await ask("GET", `${deployments}/count`)) as Deployment,
    ({ status }) => status.readyReplicas === replicas,
  );
}
type Deployment = { status: { readyReplicas?: number } };

const statePath = mkdtempSync(path.join(tmpdir(), "podyard-bench-"));
const server = await startServer({ port: 0, host: "127.0.0.1", statePath });
try {
  const measured = async <T>(replicas: number, body: (path: string) => Promise<T>): Promise<T> => {
    const { id, apiServer } = await makeSandbox(server.url, { nodes: 3 });
    useToken(server.url, apiServer.slice(apiServer.lastIndexOf("/") + 1));
    await ready(apiServer, replicas);
    // Else the forks, which go on, would be measured along.
    const clock = `${apiServer}/apis/podyard.dev/v1/clocks/cluster`;
    await ask("PATCH", clock, { spec: { paused: true } }, "application/merge-patch+json");
    return body(`${server.url}/api/sandboxes/${id}`);
  };
  const bytesOf = async (sandbox: string): Promise<number> =>
    (JSON.parse(await ask("POST", `${sandbox}/snapshots`, {})) as { bytes: number }).bytes;
  const bytesOfTwenty = await measured(small, bytesOf);
  const figures = await measured(large, async (sandbox) => ({
    fork: await rate(10, 1, () => ask("POST", `${sandbox}/fork`, {})),
    snapshot: await rate(10, 1, () => ask("POST", `${sandbox}/snapshots`, {})),
    bytesOfHundred: await bytesOf(sandbox),
  }));
  console.log(JSON.stringify({ ...figures, bytesOfTwenty } satisfies Forked));
} finally {
  await server.stop();
  rmSync(statePath, { recursive: true, force: true });
}
process.exit(0);
