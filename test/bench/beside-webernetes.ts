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

/** CPU from apply to all Ready in a cluster of its own, then of a rolling update if asked. */
async function round(replicas: number, update: boolean): Promise<[number, number?]> {
  const cluster = new Cluster();
  cluster.registerImage(Web);
  cluster.registerImage(Web2);
  await cluster.init();
  const applied = await cpuMs(async () => {
    await cluster.apply([deployment(replicas, "1.0")]);
    await rolledOut(cluster, replicas);
  });
  const updated = update
    ? await cpuMs(async () => {
        await cluster.apply([deployment(replicas, "2.0")]);
        await new Promise((resolve) => setTimeout(resolve, 200));
        await rolledOut(cluster, replicas);
      })
    : undefined;
  await cluster.close();
  return [applied, updated];
}

/** As for ours: the first round compiles, of the others the best counts. */
const [replicas = 100, update = 0, rounds = 2] = process.argv.slice(2).map(Number);
const [first] = await round(100, update === 1);
const figures: { cpuMs: number; firstCpuMs: number; updateCpuMs?: number } = {
  cpuMs: Number.POSITIVE_INFINITY,
  firstCpuMs: first,
};
for (let i = 0; i < rounds; i++) {
  const [applied, updated] = await round(replicas, update === 1);
  figures.cpuMs = Math.min(figures.cpuMs, applied);
  if (updated !== undefined)
    figures.updateCpuMs = Math.min(figures.updateCpuMs ?? Number.POSITIVE_INFINITY, updated);
}
console.log(JSON.stringify(figures));
process.exit(0);
