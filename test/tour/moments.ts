import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { Kubectl } from "../helpers/kubectl.ts";
import { eventually } from "../helpers/sandbox.ts";
import { curled, opened, openedIn, refused, type Opened, type Stage } from "./stage.ts";
import { openShare, podsIn } from "../helpers/desk.ts";

/** What the counting Pod has told so far: each number once, in their order. Returns the last. */
async function counted(kubectl: Kubectl, ...options: string[]): Promise<number> {
  const lines = (await kubectl.ok([...options, "logs", "counter"])).trim().split("\n");
  assert.deepEqual(
    lines,
    Array.from(lines, (_, at) => String(at + 1)),
  );
  return lines.length;
}

export async function snapshotByLink(stage: Stage): Promise<string> {
  const { teacher, learner, origin, binary } = stage;
  await teacher.getByRole("button", { name: "Take a snapshot" }).click();
  const link = await teacher.getByLabel("the snapshot's link", { exact: true }).textContent();
  stage.snapshotId = link!.slice(link!.lastIndexOf("/") + 1);
  await learner.goto(link!);
  await podsIn(learner)
    .getByRole("row", { name: /^counter / })
    .waitFor();
  assert.equal(await learner.getByRole("button", { name: "Withdraw" }).count(), 0);
  const server = `--server=${origin}/api/snapshots/${stage.snapshotId}/kube`;
  const anybody = new Kubectl(binary, "");
  const last = await counted(anybody, server);
  await pause(1_500);
  assert.equal(await counted(anybody, server), last);
  const words = await refused(anybody, `${server} delete pod counter`, /./);
  return `another person's page shows the Pod; kubectl without a key reads its log up to ${last}, and it stands still; a write: ${words}`;
}

export async function forkGoesOn(stage: Stage): Promise<string> {
  const { learner, sandbox, origin, binary, snapshotId } = stage;
  const server = `--server=${origin}/api/snapshots/${snapshotId}/kube`;
  const frozen = await counted(new Kubectl(binary, ""), server);
  const before = await counted(sandbox.kubectl);
  await learner.getByRole("button", { name: "Make it mine" }).click();
  await openShare(learner);
  const fork = await openedIn(learner, binary);
  assert.notEqual(fork.id, sandbox.id);
  const on = (of: Opened, past: number): Promise<number> =>
    eventually(
      () => counted(of.kubectl),
      (last) => last >= past + 3,
      60_000,
    );
  const inFork = await on(fork, frozen);
  const inOriginal = await on(sandbox, before);
  await fork.kubectl.ok("delete pod counter --now");
  await refused(fork.kubectl, "logs counter", /pods "counter" not found/);
  const alone = await on(sandbox, inOriginal);
  const { forks } = await curled(200, `${origin}/api/snapshots/${snapshotId}`);
  assert.equal(forks, 1);
  return `frozen at ${frozen}, the shell counts on to ${inFork} in the fork without a gap, and from ${before} to ${inOriginal} in the original; deleted in the fork, it goes on to ${alone} there`;
}

const clock = "patch clock cluster --type=merge -p";
const patchClock = ({ kubectl }: Opened, spec: object): Promise<string> =>
  kubectl.ok([...clock.split(" "), JSON.stringify({ spec })]);

/** Lets virtual time pass while it stands still otherwise. */
async function advance(of: Opened, seconds: number): Promise<void> {
  const read = async (): Promise<{ now: string; advancingTo?: string }> =>
    JSON.parse(await of.kubectl.ok("get clock cluster -o jsonpath={.status}"));
  const target = Date.parse((await read()).now) + seconds * 1000;
  await patchClock(of, { advanceTo: new Date(target).toISOString() });
  await eventually(read, ({ advancingTo }) => advancingTo === undefined);
}

/** Requests whose every effect falls on a moment of the cluster's own time. */
async function work(of: Opened): Promise<void> {
  const { kubectl } = of;
  await kubectl.ok("create deployment shop --image=nginx --replicas=3");
  await advance(of, 20);
  await kubectl.ok("set image deployment/shop nginx=nginx:1.161");
  await advance(of, 45);
  await kubectl.ok("delete pod counter --wait=false");
  await kubectl.ok("cordon node-1");
  await advance(of, 60);
}

export async function besideItsOriginal({ sandbox, origin, binary }: Stage): Promise<string> {
  await patchClock(sandbox, { paused: true });
  const at = (of: Opened): string => `${origin}/api/sandboxes/${of.id}`;
  const made = await curled(201, `${at(sandbox)}/fork`, {
    method: "POST",
    bearer: sandbox.key,
    // With its whole past: a sentence about an object says what changed only if what was there before is told too.
    body: { past: 100_000 },
  });
  const fork = opened(made.id, made.kubeconfig, binary);
  const { revision } = await curled(200, `${at(sandbox)}/timeline`, { bearer: sandbox.key });
  const rows: unknown[][] = [];
  for (const each of [sandbox, fork]) {
    await work(each);
    const path = `${at(each)}/timeline?after=${revision}&limit=500`;
    rows.push((await curled(200, path, { bearer: each.key })).items);
  }
  const [ofOriginal, ofFork] = rows as [unknown[], unknown[]];
  assert(ofOriginal.length > 50, `${ofOriginal.length} rows`);
  assert.deepEqual(ofFork, ofOriginal);
  const objects = ({ kubectl }: Opened): Promise<string> =>
    kubectl.ok("get pods,replicasets,deployments,endpointslices,nodes -A -o yaml");
  assert.equal(await objects(fork), await objects(sandbox));
  const tokens = await tokensRefuseEachOther([sandbox, fork], origin);
  await curled(204, at(fork), { method: "DELETE", bearer: fork.key });
  await patchClock(sandbox, { paused: false });
  return `under the same requests both timelines tell the same ${ofOriginal.length} rows, and all objects are equal to the byte; ${tokens}`;
}

/** A service account's token, by kubectl, is good where it was signed, and there alone. */
async function tokensRefuseEachOther(of: [Opened, Opened], origin: string): Promise<string> {
  const tokens = await Promise.all(of.map(({ kubectl }) => kubectl.ok("create token default")));
  const told: string[] = [];
  for (const [where, { id, key }] of of.entries()) {
    for (const [whose, token] of tokens.entries()) {
      // The key says whose cluster, which verifies the token beside it.
      const path = `${origin}/sandboxes/${id}/k/${key}/api/v1/namespaces/default/pods`;
      // 403: it is known who asks.
      const status = where === whose ? 403 : 401;
      const { message } = await curled(status, path, { bearer: token.trim() });
      told.push(`${status} ${message}`);
    }
  }
  return `a token signed in one: there "${told[0]}", in the other "${told[2]}"`;
}

export async function undo({ sandbox, origin }: Stage): Promise<string> {
  const { kubectl, id, key: bearer } = sandbox;
  const at = `${origin}/api/sandboxes/${id}`;
  const newest = async (): Promise<any> =>
    (await curled(200, `${at}/timeline?limit=1`, { bearer })).items[0];
  const undoing = (to: number): Promise<any> =>
    curled(200, `${at}/undo`, { method: "POST", bearer, body: { to } });
  await kubectl.ok("create deployment web --image=nginx --replicas=2");
  await kubectl.ok("rollout status deployment/web --timeout=60s");
  const { revision: before } = await newest();
  await kubectl.ok("delete deployment web");
  await refused(kubectl, "get deployment web", /deployments.apps "web" not found/);
  const { revision: deleted } = await newest();
  const done = await undoing(before);
  assert.deepEqual([done.created, done.left], [1, []]);
  await kubectl.ok("rollout status deployment/web --timeout=60s");
  const { items } = await curled(200, `${at}/timeline?after=${deleted}`, { bearer });
  const told = items.find((row: any) => row.undoes === before).text;
  assert.equal((await undoing(deleted)).deleted, 1);
  await refused(kubectl, "get deployment web", /deployments.apps "web" not found/);
  return `a deleted Deployment is back and rolled out ("${told}"); undone itself, it is gone again`;
}
