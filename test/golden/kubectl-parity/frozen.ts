/**
 * A cluster with an object of every kind, whose clock stands: what real kubectl and the simulated one are asked about. Kept as
 * a snapshot beside this file; both sides begin each line from it.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Engine, openArtefact, sealArtefact } from "../../../durable-objects/engine/index.ts";
import { root } from "../../../scripts/root.ts";
import { NodeSql } from "../../helpers/node-sql.ts";
import { start } from "../../helpers/world.ts";
import { KubectlWorld } from "../../engine/kubectl/kubectl-world.ts";

export const folder = path.join(root, "test/golden/kubectl-parity");
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

/** The cluster as it was kept. */
export function frozen(): KubectlWorld {
  const opened = openArtefact(readFileSync(sandboxFile));
  if ("reason" in opened) throw new Error(opened.reason);
  const sql = new NodeSql();
  Engine.restore(sql, opened.snapshot, { nowMs: start, identity });
  return new KubectlWorld({ identity }, sql);
}
