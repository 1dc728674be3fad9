import type { Browser, BrowserContext, Page } from "playwright-core";

/** A cluster in which something happens: what the pictures are taken of. */

export interface Stage {
  browser: Browser;
  /** Of the service. */
  origin: string;
  id: string;
  key: string;
  /** Path of a snapshot's page. */
  snapshot: string;
  /** Who has made it all, as the browser knows them. */
  cookies: Awaited<ReturnType<BrowserContext["cookies"]>>;
}

const manifests = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: my-web}
spec:
  replicas: 4
  selector: {matchLabels: {app: my-web}}
  template:
    metadata: {labels: {app: my-web}}
    spec:
      containers:
        - {name: nginx, image: "nginx:1.27", ports: [{containerPort: 80}], resources: {requests: {cpu: 200m, memory: 128Mi}}}
---
apiVersion: v1
kind: Service
metadata: {name: my-web}
spec:
  selector: {app: my-web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: flaky}
spec:
  containers:
    - {name: main, image: "busybox:1.36", command: [sh, -c, "echo cannot reach the database; sleep 2; exit 1"]}
`;

export const promptOf = (page: Page): Promise<unknown> =>
  page.waitForFunction(() =>
    document.querySelector(".xterm-rows")?.textContent?.includes("root@control-plane"),
  );

/** Makes the sandbox by the start page, as a visitor does. */
export async function setUp(browser: Browser, origin: string): Promise<Stage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(origin);
  await page.getByRole("button", { name: "Make a sandbox" }).click();
  await page.waitForURL(/\/s\//);
  await promptOf(page);
  const { pathname, hash } = new URL(page.url());
  const [id, key] = [pathname.slice("/s/".length), hash.slice("#k=".length)];
  const stage: Stage = { browser, origin, id, key, snapshot: "", cookies: [] };
  await ask(stage, "PATCH", "", { title: "my-lab" });
  await run(stage, "kubectl apply -f -", manifests);
  await run(stage, "kubectl rollout status deployment/my-web --timeout=60s");
  // A node dies, and half a minute later the cluster has noticed.
  await run(stage, "ssh node-3 systemctl stop kubelet");
  await setSpeed(stage, 30);
  await page.waitForTimeout(4_000);
  await setSpeed(stage, 1);
  // An update with an image that there is not, stuck as it should be.
  await run(stage, "kubectl set image deployment/my-web nginx=nginx:1.161");
  await page.waitForTimeout(6_000);
  const taken = await ask<{ id: string }>(stage, "POST", "/snapshots", {
    title: "An update that is stuck",
    secrets: false,
  });
  stage.snapshot = `/x/${taken.id}`;
  stage.cookies = await context.cookies();
  await context.close();
  return stage;
}

async function setSpeed({ origin, id, key }: Stage, speed: number): Promise<void> {
  const url = `${origin}/sandboxes/${id}/apis/podyard.dev/v1/clocks/cluster`;
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/merge-patch+json",
  };
  const body = JSON.stringify({ spec: { speed } });
  const response = await fetch(url, { method: "PATCH", headers, body });
  if (!response.ok) throw new Error(await response.text());
}

/** A line in a shell on the control plane. Throws where it fails. */
export async function run(stage: Stage, command: string, stdin?: string): Promise<string> {
  const { stdout, stderr, exitCode } = await ask<{
    stdout: string;
    stderr: string;
    exitCode: number;
  }>(stage, "POST", "/run", { command, ...(stdin !== undefined && { stdin }) });
  if (exitCode !== 0) throw new Error(`${command}: ${stdout}${stderr}`);
  return stdout;
}

export async function ask<T>(
  { origin, id, key }: Stage,
  method: string,
  path: string,
  body: object,
): Promise<T> {
  const response = await fetch(`${origin}/api/sandboxes/${id}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}
