/** The simulated kubectl says what the real one says, byte for byte: record.ts wrote it down. */
import { describe, expect, test } from "vitest";
import type { KubectlWorld } from "../../engine/kubectl/kubectl-world.ts";
import { frozen } from "./frozen.ts";
import { exceptions, lists, linesOf, normal, recorded, type Said } from "./transcript.ts";

const excused = exceptions();
let world: KubectlWorld | undefined;
let rv = 0;

/** A line of the shell, in a folder of its own with the files of the lab, in the cluster as it was kept. */
function run(line: string): Said {
  if (!world || world.engine.store.rv !== rv) {
    world = frozen();
    world.sh("rm -rf /tmp/w; cp -r /lab /tmp/w");
    ({ rv } = world.engine.store);
  }
  const { stdout, stderr, code } = world.sh(
    `rm -rf /tmp/w; cp -r /lab /tmp/w; cd /tmp/w; export HOME=/root; exec bash -c '${line.replaceAll("'", "'\\''")}'`,
  );
  return { line, stdout: normal(stdout), stderr: normal(stderr), code: code ?? -1 };
}

describe.each(lists())("%s", (list) => {
  const said = recorded(list);

  test("every line was recorded", () => {
    expect(linesOf(list).filter((line) => !said.has(line))).toEqual([]);
  });

  test.each(linesOf(list))("%s", (line) => {
    const ours = run(line);
    const reason = excused.get(line);
    if (reason === undefined) expect(ours).toEqual(said.get(line));
    else expect(ours, `no exception any more: ${reason}`).not.toEqual(said.get(line));
  });
});
