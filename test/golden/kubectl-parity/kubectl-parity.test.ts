/** The simulated kubectl says what the real one says, byte for byte: record.ts wrote it down. */
import { describe, expect, test } from "vitest";
import type { KubectlWorld } from "../../engine/kubectl/kubectl-world.ts";
import { frozen, runOurs, spent } from "./frozen.ts";
import { exceptions, lists, linesOf, recorded, type Said } from "./transcript.ts";

const excused = exceptions();
let world: KubectlWorld | undefined;
let of = "";
let rv = 0;

function run(list: string, line: string): Said {
  if (!world || of !== list || spent.has(world) || world.engine.store.rv !== rv) {
    world = frozen(list);
    of = list;
    ({ rv } = world.engine.store);
  }
  return runOurs(world, line, list);
}

describe.each(lists())("%s", (list) => {
  const said = recorded(list);

  test("every line was recorded", () => {
    expect(linesOf(list).filter((line) => !said.has(line))).toEqual([]);
  });

  test.each(linesOf(list))("%s", (line) => {
    const ours = run(list, line);
    const reason = excused.get(line);
    if (reason === undefined) expect(ours).toEqual(said.get(line));
    else expect(ours, `no exception any more: ${reason}`).not.toEqual(said.get(line));
  });
});
