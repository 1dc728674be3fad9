/** What programs without end cost: a turn's steps and bytes are bounded, and processes share the cores of their node. */
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import {
  cpuUsPerAdvanceMax,
  cpuUsPerTurnStep,
  turnStepsMax,
} from "../../../durable-objects/engine/core/limits.ts";
import { stepCost } from "../../../durable-objects/engine/runtime/kernel/cpu.ts";
import { OpenFiles } from "../../../durable-objects/engine/runtime/kernel/open-files.ts";
import type { Program } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import { imageCatalog } from "../../../durable-objects/engine/images/index.ts";
import { box, isolationWorld, podOf, type IsolationWorld } from "./isolation/isolation-world.ts";

const count = { steps: 0, bytes: 0 };
const undo: (() => void)[] = [];

beforeAll(() => {
  const table = imageCatalog.programs;
  for (const [name, program] of table) {
    const step: Program["step"] = (sys, state) => {
      count.steps++;
      return program.step(sys, state);
    };
    table.set(name, { ...program, step });
    undo.push(() => table.set(name, program));
  }
  const { read } = OpenFiles.prototype;
  OpenFiles.prototype.read = function (process, fd, most) {
    const data = read.call(this, process, fd, most);
    count.bytes += data?.length ?? 0;
    return data;
  };
  undo.push(() => void (OpenFiles.prototype.read = read));
});
afterAll(() => undo.forEach((back) => back()));

/** Of a turn: its own CPU before it is stretched, what one look at a Pod may use on top, and a step too many. */
const stepsMax = (turnStepsMax * cpuUsPerTurnStep + cpuUsPerAdvanceMax) / stepCost + 1_000;
const bytesMax = 300_000_000;

function busy(script: string, more: object = {}): IsolationWorld {
  const w = isolationWorld(1);
  w.create(podOf("p", [box("c", { command: ["sh", "-c", script], ...more })]));
  return w;
}

/** Turns until nothing is due by then, the largest first. */
function turns(w: IsolationWorld, ms: number): { steps: number; bytes: number; turns: number } {
  const most = { steps: 0, bytes: 0, turns: 0 };
  w.now += ms;
  w.engine.look(w.now);
  do {
    count.steps = count.bytes = 0;
    w.engine.run(w.now);
    most.steps = Math.max(most.steps, count.steps);
    most.bytes = Math.max(most.bytes, count.bytes);
    most.turns++;
  } while ((w.engine.nextDueMs(w.now) ?? Infinity) <= w.now);
  w.check();
  return most;
}

describe("one turn of a Pod without limits", () => {
  test.each([
    ["an endless read", "cat /dev/zero > /dev/null"],
    ["an endless copy", "dd if=/dev/zero of=/dev/null bs=1M"],
    ["a large pipe", "head -c 300000000 /dev/zero | cat | wc -c; sleep 1000000"],
    ["an endless loop", "while :; do :; done"],
    ["an endless log", "yes"],
    ["a fork bomb", "b() { b | b & }; b; sleep 1000000"],
    ["many at once", "for i in $(seq 40); do while :; do :; done & done; wait"],
  ])("is bounded: %s", (_, script) => {
    const w = busy(script);
    const first = turns(w, 10_000);
    // However much time passes at once.
    const later = turns(w, 60_000);
    for (const { steps, bytes } of [first, later]) {
      expect(steps).toBeLessThan(stepsMax);
      expect(bytes).toBeLessThan(bytesMax);
    }
    expect(w.engine.virtualNow).toBe(w.now);
    expect(w.out("p", "echo answers")).toBe("answers\n");
  });

  it("ends a large pipe with its result, whatever is evicted on the way", () => {
    const w = busy("head -c 300000000 /dev/zero | cat | wc -c; sleep 1000000");
    for (let i = 0; i < 8; i++) {
      turns(w, 15_000);
      w.evict();
    }
    expect(w.logs("p")).toBe("300000000\n");
  });
});

/** CPU of all processes, ms. */
function used(w: IsolationWorld): number {
  const { processes } = w.engine.store.record<{ processes: Record<string, { cpu?: number }> }>(
    "runtime",
    "default/p",
  )!;
  return Object.values(processes).reduce((sum, { cpu }) => sum + (cpu ?? 0), 0) / 1000;
}
const loops = (n: number): string => `for i in $(seq ${n}); do while :; do :; done & done; wait`;

describe("processes", () => {
  const rate = (w: IsolationWorld): number => {
    w.advance(10_000);
    const [from, before] = [w.now, used(w)];
    w.advance(10_000);
    return (used(w) - before) / (w.now - from);
  };

  it("run on a core each, as long as there are some", () => {
    expect(rate(busy(loops(3)))).toBeCloseTo(3, 0);
    expect(rate(busy(loops(12)))).toBeCloseTo(4, 0);
  });

  it("share the limit of their container", () => {
    const limited = { resources: { limits: { cpu: "500m" } } };
    expect(rate(busy(loops(1), limited))).toBeCloseTo(0.5, 1);
    expect(rate(busy(loops(4), limited))).toBeCloseTo(0.5, 1);
  });
});
