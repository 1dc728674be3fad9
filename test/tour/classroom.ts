import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium, type Frame, type Page } from "playwright-core";
import { eventually } from "../helpers/sandbox.ts";
import { curled, newProfile, openedIn, type Stage } from "./stage.ts";
import { openShare, podsIn } from "../helpers/desk.ts";

const learners = 30;

const files = {
  "scenario.yaml": "title: Two web servers\ndescription: And one page\nnodes: 2\n",
  "README.md": "# Two web servers\n\nSee them: `kubectl get pods`\n",
  "manifests/web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
`,
};

export async function scenarioForThirty(stage: Stage): Promise<string> {
  const { teacher, origin, learner, binary } = stage;
  const bearer = await apiToken(teacher, origin);
  const { id } = await curled(201, `${origin}/api/scenarios`, {
    method: "POST",
    bearer,
    body: { visibility: "link", files },
  });
  const publish = `${origin}/api/scenarios/${id}/publish`;
  const { version } = await curled(200, publish, { method: "POST", bearer });
  stage.scenarioId = id;
  const began = performance.now();
  const labs = await Promise.all(Array.from({ length: learners }, () => startLab(origin, id)));
  const startedMs = performance.now() - began;
  assert.equal(new Set(labs.map((lab) => lab.id)).size, learners);
  await Promise.all(
    labs.map((lab) =>
      eventually(
        () => running(lab),
        (count) => count === 2,
      ),
    ),
  );
  const runningMs = performance.now() - began;
  // And one more by the page, with kubectl.
  await learner.goto(`${origin}/l/${id}`);
  await learner.getByText("See them:").waitFor();
  await learner.getByRole("button", { name: "Start" }).click();
  await openShare(learner);
  const { kubectl } = await openedIn(learner, binary);
  await kubectl.ok("rollout status deployment/web --timeout=60s");
  return `version ${version}, saved with an API token of its teacher's; ${learners} learners at once had their own cluster after ${ms(startedMs)}, with 2 Pods Running after ${ms(runningMs)}; one more by the page`;
}

const ms = (value: number): string => `${Math.round(value)} ms`;

/** Made on the page of what is one's own. */
async function apiToken(page: Page, origin: string): Promise<string> {
  await page.goto(`${origin}/me`);
  await page.getByText("Make a token").click();
  await page.getByLabel("What it is for").fill("course");
  for (const scope of ["scenarios:read", "scenarios:write"]) await page.getByLabel(scope).check();
  await page.getByRole("button", { name: "Make it" }).click();
  return (await page.getByLabel("the API token", { exact: true }).textContent())!;
}

interface Lab {
  id: string;
  /** With the key in it. */
  apiServer: string;
}

/** Somebody whom nobody knows yet. */
async function startLab(origin: string, scenarioId: string): Promise<Lab> {
  const response = await fetch(`${origin}/api/scenarios/${scenarioId}/start`, { method: "POST" });
  const text = await response.text();
  assert.equal(response.status, 201, text);
  return (JSON.parse(text) as { sandbox: Lab }).sandbox;
}

async function running({ apiServer }: Lab): Promise<number> {
  const response = await fetch(`${apiServer}/api/v1/namespaces/default/pods`);
  const { items } = (await response.json()) as { items: { status: { phase: string } }[] };
  return items.filter(({ status }) => status.phase === "Running").length;
}

/** Chromium's switch for what browsers do that let no third party keep anything. */
const blocksThirdParties = "--test-third-party-cookie-phaseout";

export async function embedElsewhere(stage: Stage): Promise<string> {
  const { origin, scenarioId, snapshotId, executablePath } = stage;
  const course = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>Course</title><h1>Course</h1>
<script type="module" src="${origin}/embed.js"></script>
<podyard-sandbox src="${origin}/embed/l/${scenarioId}" title="Lab"></podyard-sandbox>
<iframe src="${origin}/embed/x/${snapshotId}" title="Moment" width="800" height="400"></iframe>`);
  });
  await new Promise<void>((done) => course.listen(0, "127.0.0.1", done));
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", blocksThirdParties],
  });
  try {
    const page = await newProfile(browser);
    // The service is localhost: an address is another site.
    const at = `http://127.0.0.1:${(course.address() as AddressInfo).port}/`;
    return await inCourse(page, at, origin);
  } finally {
    await browser.close();
    course.close();
  }
}

async function inCourse(page: Page, at: string, origin: string): Promise<string> {
  await page.goto(at);
  const lab = page.frameLocator("podyard-sandbox iframe");
  await lab.getByRole("button", { name: "Start" }).click();
  await podsIn(lab)
    .getByRole("row", { name: /Running/ })
    .nth(1)
    .waitFor();
  await page
    .frameLocator("iframe[title=Moment]")
    .getByRole("row", { name: /^counter / })
    .waitFor();
  const read = await page.evaluate(() => {
    const element = document.querySelector("podyard-sandbox") as unknown as {
      get(path: string): Promise<{ items: unknown[] }>;
    };
    return element.get("/api/v1/namespaces/default/pods");
  });
  assert.equal(read.items.length, 2);
  assert.deepEqual(await page.context().cookies(), []);
  const frame = page.frames().find((one) => one.url().startsWith(`${origin}/embed/l/`));
  assert.equal(await keepsCookie(frame!), false, "cookies of third parties are not blocked");
  await page.goto(`${origin}/me`);
  assert.equal(await keepsCookie(page.mainFrame()), true);
  return `on ${at} the frame's Start made a lab, its page reads 2 Pods through it, and a snapshot stands beside it; no cookie was kept, and none could be: the browser keeps one of ${origin} on its own pages alone`;
}

/** One that asks to be sent everywhere. */
const keepsCookie = (frame: Frame): Promise<boolean> =>
  frame.evaluate(() => {
    document.cookie = "probe=1; SameSite=None; Secure; Path=/";
    return document.cookie.includes("probe");
  });
