/** The same on `@ngrok/webernetes`, in this process. Its clock is the wall's, so CPU is what compares. */
import { BaseImage, Cluster, type ProcessContext } from "@ngrok/webernetes";

class Web extends BaseImage {
  static readonly imageName = "web";
  static readonly imageVersion: string = "1.0";
  readonly defaultCommand = ["server"];
  override async exec(ctx: ProcessContext): Promise<number> {
    ctx.listenHttp(80, async () => ({ status: 200, body: "ok" }) as never);
    return await ctx.waitUntilKilled();
  }
}
class Web2 extends Web {
  static override readonly imageVersion = "2.0";
}

const deployment = (replicas: number, version: string): never =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [{ name: "web", image: `web:${version}`, ports: [{ containerPort: 80 }] }],
        },
      },
    },
  }) as never;

interface Status {
  updatedReplicas?: number;
  readyReplicas?: number;
  replicas?: number;
}

async function rolledOut(cluster: Cluster, replicas: number): Promise<void> {
  for (;;) {
    const found = await cluster.api.appsv1.readNamespacedDeployment({
      name: "web",
      namespace: "default",
    });
    const { updatedReplicas, readyReplicas, replicas: all }: Status = found.status ?? {};
    if (updatedReplicas === replicas && readyReplicas === replicas && all === replicas) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function cpuMs(body: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const [replicas = 100, update = 0] = process.argv.slice(2).map(Number);
const cluster = new Cluster();
cluster.registerImage(Web);
cluster.registerImage(Web2);
await cluster.init();
const began = performance.now();
const cpu = await cpuMs(async () => {
  await cluster.apply([deployment(replicas, "1.0")]);
  await rolledOut(cluster, replicas);
});
const figures: Record<string, number> = { cpuMs: cpu, wallMs: performance.now() - began };
if (update) {
  figures["updateCpuMs"] = await cpuMs(async () => {
    await cluster.apply([deployment(replicas, "2.0")]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await rolledOut(cluster, replicas);
  });
}
console.log(JSON.stringify(figures));
process.exit(0);
