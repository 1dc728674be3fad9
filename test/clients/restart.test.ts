import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, inject, test } from "vitest";
import { startServer } from "../../scripts/server.ts";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";

/** `npm start` stopped and started again on the same state, in the middle of a rolling update. */

const container = (image: string): object => ({ name: "web", image });
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 3,
    minReadySeconds: 2,
    strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [container("nginx:1.27")] },
    },
  },
};

interface Status {
  updatedReplicas?: number;
  availableReplicas?: number;
  replicas?: number;
}

test("a stopped server goes on with its rollouts when it is started again", async () => {
  const statePath = mkdtempSync(path.join(tmpdir(), "podyard-restart-"));
  const script = inject("script");
  const start = () => startServer({ port: 0, host: "127.0.0.1", statePath, script });
  let server = await start();
  try {
    const { apiServer } = await makeSandbox(server.url, { seed: 1 });
    const place = new URL(apiServer).pathname;
    const list = "/apis/apps/v1/namespaces/default/deployments";
    const ask = async (
      url: string,
      init: RequestInit & { type?: string } = {},
    ): Promise<Status> => {
      const headers = { "content-type": init.type ?? "application/json" };
      const response = await fetch(`${server.url}${place}${url}`, { ...init, headers });
      expect(response.ok).toBe(true);
      return ((await response.json()) as { status: Status }).status;
    };
    const status = (): Promise<Status> => ask(`${list}/web`);
    await ask(list, { method: "POST", body: JSON.stringify(deployment) });
    await eventually(status, (s) => s.availableReplicas === 3);
    await ask(`${list}/web`, {
      method: "PATCH",
      type: "application/strategic-merge-patch+json",
      body: JSON.stringify({
        spec: { template: { spec: { containers: [container("nginx:1.28")] } } },
      }),
    });
    await eventually(status, (s) => s.updatedReplicas === 2);

    await server.stop();
    server = await start();
    // Time went on while the server was away: nothing is lost, and it may be further already.
    expect((await status()).updatedReplicas).toBeGreaterThanOrEqual(2);
    const done = await eventually(status, (s) => s.updatedReplicas === 3 && s.replicas === 3);
    expect(done).toMatchObject({ availableReplicas: 3 });
  } finally {
    await server.stop();
    rmSync(statePath, { recursive: true, force: true });
  }
});
