import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Page } from "playwright-core";
import { Kubectl } from "../helpers/kubectl.ts";
import { addVirtualAuthenticator } from "../helpers/virtual-authenticator.ts";
import { curl, curled, openedIn, refused, type Opened, type Stage } from "./stage.ts";
import { openShare, podsIn, showObjects } from "../helpers/desk.ts";

/** Counts a second at a time, and tells. */
const counting = "i=0; while true; do i=$((i+1)); echo $i; sleep 1; done";

const bar = (page: Page) => page.getByRole("navigation", { name: "You" });

export async function anonymousLab(stage: Stage): Promise<string> {
  const { teacher, origin, binary } = stage;
  await teacher.goto(origin);
  await teacher.getByRole("button", { name: "Make a sandbox" }).click();
  await openShare(teacher);
  await showObjects(teacher);
  stage.sandbox = await openedIn(teacher, binary);
  const { kubectl } = stage.sandbox;
  const nodes = readyNodes(await kubectl.ok("get nodes --no-headers"));
  await kubectl.ok(["run", "counter", "--image=busybox", "--", "sh", "-c", counting]);
  await kubectl.ok("wait --for=condition=Ready pod/counter --timeout=60s");
  await podsIn(teacher)
    .getByRole("row", { name: /^counter .*Running/ })
    .waitFor();
  // And as the README says, without a browser.
  const kubeconfig = await curled(201, `${origin}/api/sandboxes`, {
    method: "POST",
    accept: "application/yaml",
  });
  const other = readyNodes(await new Kubectl(binary, kubeconfig).ok("get nodes --no-headers"));
  return `a button made a sandbox, kubectl sees ${nodes} nodes Ready and a Pod that counts; curl made another, ${other} nodes Ready`;
}

function readyNodes(lines: string): number {
  const nodes = lines.trim().split("\n");
  for (const line of nodes) assert.match(line, / Ready /);
  return nodes.length;
}

export async function signInKeeps({ teacher, origin, sandbox }: Stage): Promise<string> {
  await addVirtualAuthenticator(teacher);
  await bar(teacher).getByRole("button", { name: "Sign in" }).click();
  await teacher.getByLabel("Your name").fill("teacher");
  await teacher.getByRole("button", { name: "Make a passkey" }).click();
  await bar(teacher).getByRole("link", { name: "teacher" }).waitFor();
  await teacher.goto(`${origin}/me`);
  await teacher.getByRole("button", { name: "Sign out everywhere" }).click();
  await teacher.getByRole("heading", { name: "A Kubernetes cluster to play with" }).waitFor();
  await teacher.goto(`${origin}/s/${sandbox.id}`);
  await teacher.getByText("Sign in as somebody who belongs to this sandbox").waitFor();
  await bar(teacher).getByRole("button", { name: "Sign in" }).click();
  await teacher.getByRole("button", { name: "Use a passkey" }).click();
  await teacher.getByText(/^owner, until /).waitFor();
  await teacher.getByRole("row", { name: /^counter / }).waitFor();
  return "signed out, the sandbox does not open; with the passkey alone, and no key, its page says owner";
}

/** As kubectl tells what a viewer may not do. */
const forbidden: [what: string, command: string, words: RegExp][] = [
  [
    "write",
    "create configmap mine",
    /User "learner" cannot create resource "configmaps" in API group ""/,
  ],
  ["delete", "delete pod counter", /"counter" is forbidden.* cannot delete resource "pods"/],
  ["exec", "exec counter -- ls", /"counter" is forbidden.* cannot \w+ resource "pods\/exec"/],
  ["attach", "attach counter", /"counter" is forbidden.* cannot \w+ resource "pods\/attach"/],
  ["Secrets", "get secrets", /secrets is forbidden.* cannot list resource "secrets"/],
  [
    "port-forward",
    "port-forward pod/counter :80",
    /"counter" is forbidden.* cannot \w+ resource "pods\/portforward"/,
  ],
  ["clock", "delete clock cluster", /cannot delete resource "clocks"/],
];

export async function inviteViewer(stage: Stage): Promise<string> {
  const { teacher, learner, sandbox, binary } = stage;
  await openShare(teacher);
  await teacher.getByLabel("As", { exact: true }).selectOption("viewer");
  await teacher.getByRole("button", { name: "Make an invitation" }).click();
  const link = teacher.getByLabel("the invitation link", { exact: true });
  await learner.goto((await link.textContent())!);
  await learner.getByLabel("How others see you").fill("learner");
  await learner.getByRole("button", { name: "Accept" }).click();
  await openShare(learner);
  await learner.getByText("You look at this sandbox as a viewer.").waitFor();
  await learner.getByRole("button", { name: "Make a kubeconfig" }).click();
  stage.viewer = await openedIn(learner, binary);
  const { kubectl } = stage.viewer;
  assert.match(await kubectl.ok("get pods"), /counter +1\/1 +Running/);
  assert.match(await kubectl.ok("logs counter"), /^1\n2\n/);
  const told: string[] = [];
  for (const [what, command, words] of forbidden) {
    told.push(`\n     ${what}: ${await refused(kubectl, command, words)}`);
  }
  const service = await serviceRefuses(stage, `${stage.origin}/api/sandboxes/${sandbox.id}`);
  return `get and logs work; refused are${told.join("")}\n     of the service: ${service}`;
}

/** What is no matter of the cluster's, by the table of roles. */
async function serviceRefuses({ viewer }: Stage, at: string): Promise<string> {
  const bearer = viewer.key;
  const { members } = await curled(200, `${at}/members`, { bearer });
  assert.equal(members.length, 1);
  assert.equal(members[0].role, "viewer");
  await curled(200, `${at}/timeline`, { bearer });
  const member = `/members/${members[0].id}`;
  const asks: [method: string, path: string, body?: unknown][] = [
    ["PATCH", member, { role: "owner" }],
    ["POST", "/invitations", {}],
    ["POST", "/keys", { role: "editor" }],
    ["POST", "/snapshots", {}],
    ["POST", "/undo", { to: 1 }],
    ["POST", "/reset"],
    ["PATCH", "", { title: "mine" }],
    ["DELETE", ""],
  ];
  const told: string[] = [];
  for (const [method, below, body] of asks) {
    const { detail } = await curled(403, at + below, { method, bearer, body });
    told.push(`${method} ${below.replace(members[0].id, "ID") || "the sandbox"} (${detail})`);
  }
  return told.join(", ");
}

export async function withdraw({ teacher, learner, viewer, origin }: Stage): Promise<string> {
  const raw = await openWatch(`${origin}/sandboxes/${viewer.id}`, viewer.key);
  const watching = await kubectlWatch(viewer);
  await teacher.reload();
  await openShare(teacher);
  const button = teacher.getByRole("button", { name: "Remove learner" });
  await button.waitFor();
  const began = performance.now();
  const after = async (ended: Promise<unknown>): Promise<number> => {
    await ended;
    return Math.round(performance.now() - began);
  };
  const [, answered, rawEnded, kubectlEnded] = await Promise.all([
    button.click(),
    after(teacher.waitForResponse((seen) => seen.request().method() === "DELETE")),
    after(raw.ended),
    after(watching.ended),
  ]);
  const words = await refused(viewer.kubectl, "get pods", /Unauthorized/);
  const { status } = await curl(`${origin}/api/sandboxes/${viewer.id}`, { bearer: viewer.key });
  assert.equal(status, 401);
  await learner.reload();
  await learner.getByRole("heading", { name: "It does not open" }).waitFor();
  return `after the click the open watch ended in ${rawEnded} ms, kubectl get -w in ${kubectlEnded} ms, the answer came in ${answered} ms; then kubectl: ${words}`;
}

/** Of Pods, by fetch: until what is there at first was told. */
async function openWatch(at: string, key: string): Promise<{ ended: Promise<void> }> {
  const response = await fetch(`${at}/api/v1/namespaces/default/pods?watch=true`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(120_000),
  });
  assert.equal(response.status, 200);
  const reader = response.body!.getReader();
  const first = await reader.read();
  assert.equal(first.done, false);
  const rest = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  return { ended: rest() };
}

async function kubectlWatch({ kubectl }: Opened): Promise<{ ended: Promise<unknown> }> {
  const { binary, kubeconfig } = kubectl;
  const child = spawn(binary.file, ["get", "pods", "--watch", "--kubeconfig", kubeconfig], {
    env: { ...process.env, HOME: path.dirname(kubeconfig) },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 120_000,
  });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  return { ended };
}
