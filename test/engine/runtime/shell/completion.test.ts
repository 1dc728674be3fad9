/**
 * Tab at bash's prompt, beside what bash 5.2 shows of the same keys with cobra's script and real kubectl's answers
 * (test/golden/completion, recorded/completion.json of test/golden/kubectl-parity).
 */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { frozen } from "../../../golden/kubectl-parity/frozen.ts";
import type { World } from "../../../helpers/world.ts";
import { play, prepare, readGolden, screens, type Keys, type Row } from "./terminal-rows.ts";

const typed = readGolden<Keys>("completion/keys.json");
const recorded = readGolden<Record<string, string[]>>("completion/screens.json");
const ofKubectl = typed.rows.filter(({ keys }) => /(?:^|\s)(?:k|kubectl) /.test(String(keys[0])));
const cobra = readFileSync(
  new URL("../../../golden/completion/kubectl.bash", import.meta.url),
  "utf8",
);

/** The cluster of kubectl's goldens, its clock going on, with files to complete and a script that begins a row. */
function prepared(start: readonly string[]): World {
  const world = frozen("completion");
  world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: false } });
  world.settle(2_000);
  const { folder, files } = typed;
  const made = files.map((name) => (name.endsWith("/") ? `mkdir '${name}'` : `: > '${name}'`));
  const lines = ["export KUBECONFIG=/root/.kube/config", ...start].map(
    (line) => `echo '${line}' >> start`,
  );
  prepare(world, [`mkdir ${folder}; cd ${folder}`, made.join("; "), ...lines]);
  return world;
}

const functions = ". /usr/share/bash-completion/bash_completion";
let world: World | undefined;
const ours = (): World => (world ??= prepared([functions, "source <(kubectl completion bash)"]));
const expected = (row: Row): string[] => screens(row, recorded[row.name]!);

describe("Tab", () => {
  it.for(typed.rows)("$name", (row) => {
    expect(screens(row, play(ours(), typed, row))).toEqual(expected(row));
  });
});

describe("cobra's own script, and bash-completion's functions", () => {
  const real = prepared([functions, ". /root/cobra"]);
  prepare(real, [
    `cat > /root/cobra <<'END OF SCRIPT'\r${cobra.replaceAll("\n", "\r")}END OF SCRIPT`,
  ]);
  it.for(ofKubectl.filter((_, i) => i % 3 === 0))("$name", (row) => {
    expect(screens(row, play(real, typed, row))).toEqual(expected(row));
  });
});

describe("a loss of memory behind every key", () => {
  it.for(typed.rows.filter((_, i) => i % 6 === 0))("shows the same: $name", (row) => {
    expect(screens(row, play(ours(), typed, row, true))).toEqual(expected(row));
  });
});

test("root's bash on a control plane has k, and kubectl's completion from the first Tab on", () => {
  const row: Row = {
    name: "",
    shell: ["bash"],
    keys: ["k get po\t", "\x15k get deploy w\t"],
  };
  const printed = play(ours(), { ...typed, begin: "cd /; PS1='$ '" }, row);
  expect(screens(row, printed).at(-1)).toContain("\n$ k get deploy web\n");
});
