/**
 * A cluster with an object of every kind, whose clock stands: what real kubectl and the simulated one are asked about. Kept as
 * a snapshot beside this file; both sides begin each line from it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Engine, openArtefact, sealArtefact } from "../../../durable-objects/engine/index.ts";
import { clockRecord } from "../../../durable-objects/engine/loop/steering.ts";
import type { ClockState } from "../../../durable-objects/engine/core/clock.ts";
import { NodeSql } from "../../helpers/node-sql.ts";
import { start } from "../../helpers/world.ts";
import { folder, normal, type Said } from "./transcript.ts";
import { KubectlWorld } from "../../engine/kubectl/kubectl-world.ts";

export const sandboxFile = path.join(folder, "sandbox.bin");
const identity = { id: "parity", secret: "of the parity world's tokens" };

const day = 86_400_000;

/** Makes the cluster anew: its objects, ten days later, its clock paused. */
export function makeFrozen(): Uint8Array {
  const world = new KubectlWorld({ seed: "parity", nodes: 2, name: "parity", identity });
  world.create(readFileSync(path.join(folder, "setup.yaml"), "utf8"));
  world.until(() => world.pod("toolbox").status.phase === "Running");
  world.settle(60_000);
  world.advance(10 * day);
  for (const file of labFiles()) {
    const { stderr, code } = world.sh(`printf '%s' '${quoted(file.text)}' > /lab/${file.name}`);
    if (code !== 0) throw new Error(stderr);
  }
  world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: true } });
  const sealed = sealArtefact(world.engine.snapshot(world.now));
  if ("reason" in sealed) throw new Error(sealed.reason);
  return sealed.bytes;
}

const quoted = (text: string): string => text.replaceAll("'", "'\\''");

export const labFiles = (): { name: string; text: string }[] =>
  readdirSync(path.join(folder, "lab")).map((name) => ({
    name,
    text: readFileSync(path.join(folder, "lab", name), "utf8"),
  }));

/** Made once for each list, and copied. */
const kept = new Map<string, NodeSql>();

/** The cluster as it was kept, with the objects of `objects/LIST.yaml` where a list has such. */
export function frozen(list: string): KubectlWorld {
  let sql = kept.get(list);
  if (!sql) kept.set(list, (sql = restored(list)));
  return new KubectlWorld({ identity }, sql.copy());
}

function restored(list: string): NodeSql {
  const opened = openArtefact(readFileSync(sandboxFile));
  if ("reason" in opened) throw new Error(opened.reason);
  const sql = new NodeSql();
  Engine.restore(sql, opened.snapshot, { nowMs: start, identity });
  const objects = path.join(folder, "objects", `${list}.yaml`);
  if (existsSync(objects)) new KubectlWorld({ identity }, sql).create(readFileSync(objects, "utf8"));
  return sql;
}

const account = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** As record.ts writes it for the real one. */
const kubeconfig = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  "current-context": "parity",
  clusters: [
    {
      name: "parity",
      cluster: { server: "https://10.96.0.1:443", "insecure-skip-tls-verify": true },
    },
  ],
  users: [{ name: "parity", user: { tokenFile: account } }],
  contexts: [{ name: "parity", context: { cluster: "parity", user: "parity" } }],
});

/** Worlds in which a line stood still: its processes are there yet. */
export const spent = new WeakSet<KubectlWorld>();

/**
 * Lets time go on, as nobody sees in its objects: what a Pod sends to the API server takes a moment to get there, unless it
 * only reads.
 */
function thaw({ engine }: KubectlWorld): void {
  const clock = engine.store.record<ClockState>(...clockRecord) as ClockState;
  engine.store.putRecord(...clockRecord, { ...clock, paused: false });
}

/** What the simulated kubectl says to a line; with the clock standing still, unless it needs time. */
export function runOurs(world: KubectlWorld, line: string, list: string): Said {
  const said = runIn(world, line);
  if (said.code !== -1) return said;
  spent.add(world);
  const moving = frozen(list);
  thaw(moving);
  return runIn(moving, line);
}

/** What the simulated kubectl says to a line of the shell, in a folder of its own with the files of the lab. */
function runIn(world: KubectlWorld, line: string): Said {
  const setUp = `rm -rf /tmp/w /root/.kube; cp -r /lab /tmp/w; cd /tmp/w; export HOME=/root; mkdir -p /root/.kube; echo '${kubeconfig}' > /root/.kube/config`;
  const { stdout, stderr, code } = world.sh(`${setUp}; exec bash -c '${quoted(line)}'`);
  // A watch stays open where nothing happens; the real one's was ended by the server.
  const ended = code ?? (/ (-w|--watch(-only)?)\b/.test(line) ? 0 : -1);
  return { line, stdout: normal(stdout), stderr: normal(stderr), code: ended };
}
