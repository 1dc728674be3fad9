/** Every script of test/golden/shell prints what busybox printed. Recorded by test/golden/shell/record.ts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  sessionCloseInput,
  sessionInput,
  execSession,
  sessionOutput,
} from "../../../../durable-objects/engine/runtime/sessions.ts";
import { runtime } from "../../../../durable-objects/engine/cri/runtime.ts";
import { RuntimeWorld } from "../runtime-world.ts";

interface Case {
  run: string;
  stdin?: string;
  stdout?: string;
  stderr?: string;
  exit?: number;
}

const folder = join(import.meta.dirname, "../../../golden/shell");

function play({ run, stdin }: Case): { stdout: string; stderr: string; exit: number } {
  const world = new RuntimeWorld();
  const spec = world.start(
    world.spec(world.pod("box"), "main", "busybox:1.37", { command: ["sleep", "1000000"] }),
  );
  const started = execSession(world, spec.pod.key, spec.id, {
    command: ["/bin/sh", "-c", `cd /tmp\n${run}`],
    tty: false,
    stdin: true,
  });
  if ("error" in started) throw new Error(started.error);
  const { session } = started;
  if (stdin) sessionInput(world, spec.pod.key, session, new TextEncoder().encode(stdin));
  sessionCloseInput(world, spec.pod.key, session);
  const out = { stdout: "", stderr: "", exit: -1 };
  const text = new TextDecoder();
  for (let turns = 0; turns < 5000; turns++) {
    const part = sessionOutput(world, spec.pod.key, session);
    out.stdout += text.decode(part?.stdout);
    out.stderr += text.decode(part?.stderr);
    if (part?.exit !== undefined) return { ...out, exit: part.exit };
    const due = runtime.advance(world, spec.pod.key);
    if (due === undefined) break;
    world.now = Math.max(world.now, due);
  }
  return out;
}

describe.each(readdirSync(folder).filter((name) => name.endsWith(".yaml")))("%s", (name) => {
  const cases = parse(readFileSync(join(folder, name), "utf8")) as Case[];
  test.each(cases.map((one) => [one.run.slice(0, 70), one] as const))("%s", (_title, one) => {
    expect(play(one)).toEqual({
      stdout: one.stdout ?? "",
      stderr: one.stderr ?? "",
      exit: one.exit ?? 0,
    });
  });
});
