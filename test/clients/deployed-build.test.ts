import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { bundleWorker } from "../../scripts/bundle.ts";
import { startServer } from "../../scripts/server.ts";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";

/** The Worker with its names made short and its statements in the order in which it is deployed: every other test has it as it is written. */

const once = (name: string, image: string, command: string[]): object => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name },
  spec: {
    template: {
      metadata: { labels: { once: name } },
      spec: { restartPolicy: "Never", containers: [{ name: "c", image, command }] },
    },
  },
});

const said: { name: string; image: string; command: string[]; log: string }[] = [
  {
    name: "shell",
    image: "busybox",
    command: [
      "sh",
      "-c",
      "for i in 1 2 3; do echo $i; done | awk '{s+=$1} END {print s}' | sed s/6/six/",
    ],
    log: "six\n",
  },
  {
    name: "node",
    image: "node:22",
    command: ["node", "-e", "console.log([3, 1, 2].sort().map((n) => n * 2))"],
    log: "[ 2, 4, 6 ]\n",
  },
  {
    name: "web",
    image: "curlimages/curl",
    command: ["sh", "-c", "curl -s http://web | grep -o '<title>.*</title>'"],
    log: "<title>Welcome to nginx!</title>\n",
  },
];

test("what is deployed runs a cluster", async () => {
  const statePath = mkdtempSync(path.join(tmpdir(), "podyard-deployed-"));
  const script = await bundleWorker("worker/local.ts", { minify: true });
  const server = await startServer({ port: 0, host: "127.0.0.1", statePath, script });
  try {
    const { apiServer } = await makeSandbox(server.url, { seed: 1 });
    const base = `${server.url}${new URL(apiServer).pathname}`;
    const get = async <T>(url: string): Promise<T> => (await fetch(`${base}${url}`)).json() as T;
    const create = async (url: string, object: object): Promise<void> => {
      const body = JSON.stringify(object);
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${base}${url}`, { method: "POST", headers, body });
      expect([response.status, await response.text()]).toEqual([201, expect.any(String)]);
    };
    const labels = { app: "web" };
    await create("/apis/apps/v1/namespaces/default/deployments", {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "web", image: "nginx:1.27" }] },
        },
      },
    });
    await create("/api/v1/namespaces/default/services", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: labels, ports: [{ port: 80 }] },
    });
    await eventually(
      () => get<{ status: object }>("/apis/apps/v1/namespaces/default/deployments/web"),
      ({ status }) => "availableReplicas" in status && status.availableReplicas === 2,
    );
    for (const { name, image, command } of said)
      await create("/apis/batch/v1/namespaces/default/jobs", once(name, image, command));
    await eventually(
      () => get<{ items: { status: { succeeded?: number } }[] }>("/apis/batch/v1/jobs"),
      ({ items }) => items.every(({ status }) => status.succeeded === 1),
    );
    for (const { name, log } of said) {
      const pods = "/api/v1/namespaces/default/pods";
      const { items } = await get<{ items: { metadata: { name: string } }[] }>(
        `${pods}?labelSelector=once%3D${name}`,
      );
      const text = await (await fetch(`${base}${pods}/${items[0]?.metadata.name}/log`)).text();
      expect([name, text]).toEqual([name, log]);
    }
  } finally {
    await server.stop();
    rmSync(statePath, { recursive: true, force: true });
  }
});
