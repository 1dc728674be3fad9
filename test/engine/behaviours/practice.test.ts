/**
 * Tasks as collections for CKAD and CKA set them, solved as a candidate does: each a script in the shell of the control plane, in a
 * namespace and a folder of its own, of practice/*.sh. Behind it stand lines that its output must have, in this order: `#= ` a line as
 * it is, `#~ ` a pattern for all of a line.
 */
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { NodeShell } from "../../helpers/node-shell.ts";
import { World } from "../../helpers/world.ts";

interface Task {
  title: string;
  script: string;
  says: string[];
}

const folder = new URL("practice/", import.meta.url);

function tasksOf(file: string): Task[] {
  const text = readFileSync(new URL(file, folder), "utf8");
  return text.split(/^### /m).flatMap((part) => {
    const [title = "", ...lines] = part.trimEnd().split("\n");
    const isSaid = (line: string): boolean => /^#[=~] ?/.test(line);
    const script = lines.filter((line) => !isSaid(line)).join("\n");
    return title ? [{ title, script, says: lines.filter(isSaid) }] : [];
  });
}

const files = readdirSync(folder).sort();

/** Runs it to its end; what it printed. */
function solve(world: World, name: string, script: string): string {
  const whole = [
    "exec 2>&1",
    `mkdir ${name} && cd ${name}`,
    "kubectl config use-context kubernetes-admin@kubernetes >/dev/null",
    `kubectl create ns ${name} >/dev/null`,
    `kubectl config set-context --current --namespace=${name} >/dev/null`,
    script,
  ].join("\n");
  const shell = new NodeShell(world, "control-plane", ["bash", "-c", whole]);
  shell.close();
  const { out } = shell.end(900);
  const leave = `kubectl config use-context kubernetes-admin@kubernetes; kubectl delete ns ${name} --wait=false`;
  const after = new NodeShell(world, "control-plane", ["bash", "-c", leave]);
  after.close();
  after.end();
  return out;
}

/** The first line that is not there, behind those before it. */
function missing(out: string, says: readonly string[]): string | undefined {
  const lines = out.split("\n");
  let at = 0;
  return says.find((said) => {
    const text = said.slice(3);
    const pattern = new RegExp(`^(?:${text})$`);
    const found = lines.findIndex(
      (line, i) => i >= at && (said.startsWith("#=") ? line === text : pattern.test(line)),
    );
    at = found + 1;
    return found < 0;
  });
}

describe.each(files)("practice: %s", (file) => {
  let world: World;
  beforeAll(() => {
    world = new World({ seed: file });
    world.settle();
  });

  it.each(tasksOf(file).map((task, i) => ({ ...task, name: `task-${i + 1}` })))(
    "$title",
    ({ name, script, says }) => {
      expect(says.length).toBeGreaterThan(0);
      const out = solve(world, name, script);
      const lacks = missing(out, says);
      if (lacks !== undefined) throw new Error(`no line ${lacks}\nin\n${out}`);
      world.check();
    },
  );
});
