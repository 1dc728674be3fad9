import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { mayWait } from "../../../durable-objects/engine/index.ts";
import { World } from "../../helpers/world.ts";

/** Births told again for another cluster, beside births that were gone through. */

/** Of these limits there was no birth before, so this one is gone through. */
let births = 0;
const ownLimits = () => ({ objectsMax: 30_000 + ++births });

/** Megabytes that differ would be printed. */
const rowsOf = ({ sql }: World): string =>
  hash("sha256", JSON.stringify(sql.exec("SELECT id, rv, bytes, body FROM log")));

const bornMs = [1_767_225_600_000, 1_790_000_000_001, 1_201_000_000_999, 1_799_999_999_500];

test.each([1, 3, 9])(
  "with %i nodes, a birth that is told again is the same to the byte",
  (nodes) => {
    const limits = ownLimits();
    const first = new World({ nodes, seed: "first", name: "first", limits });
    expect(first.engine.steps).toBeGreaterThan(0);
    for (const [i, nowMs] of bornMs.entries()) {
      const options = {
        nodes,
        seed: `seed-${i}`,
        nowMs,
        identity: { id: `${i}`, secret: `of ${i}` },
      };
      const gone = new World({ ...options, limits: ownLimits() });
      const told = new World({ ...options, limits });
      expect([gone.engine.steps > 0, told.engine.steps]).toEqual([true, 0]);
      expect(rowsOf(told)).toBe(rowsOf(gone));
      for (const world of [gone, told]) {
        world.now = nowMs;
        world.advance(90_000);
        world.create({
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "web" },
          spec: { containers: [{ name: "web", image: "nginx:1.27" }] },
        });
        world.advance(60_000);
      }
      expect(rowsOf(told)).toBe(rowsOf(gone));
    }
  },
);

test("a cluster that is born when it is first asked something is the one that was born at once", () => {
  const limits = ownLimits();
  const identity = { id: "one", secret: "of one" };
  const options = { nodes: 3, name: "one", seed: "one", nowMs: bornMs[1]!, identity, limits };
  // Of these there was no birth yet, so an engine has to go through one.
  expect(mayWait(options, 3)).toBe(false);
  const gone = new World(options);
  expect(gone.engine.steps).toBeGreaterThan(0);
  expect(mayWait(options, 3)).toBe(true);
  const later = options.nowMs + 3_600_000;
  const told = new World({ ...options, bornMs: options.nowMs, nowMs: later });
  expect(told.engine.steps).toBe(0);
  expect(told.engine.overdueMs(later)).toBe(0);
  expect(told.engine.nextDueMs(later, true)).toBeUndefined();
  expect(rowsOf(told)).toBe(rowsOf(gone));
  for (const world of [gone, told]) {
    world.now = later;
    world.advance(60_000);
  }
  expect(told.print("/api/v1/nodes")).toBe(gone.print("/api/v1/nodes"));
  expect(rowsOf(told)).toBe(rowsOf(gone));
});

test("two clusters share no object's uid, and tell their own moments", () => {
  const [one, other] = bornMs.slice(0, 2).map((nowMs, i) => new World({ seed: `s${i}`, nowMs }));
  const uids = (world: World): Set<string> =>
    new Set(
      [...world.engine.store.resources()].flatMap((resource) =>
        world.engine.store.list(resource).map(({ metadata }) => metadata.uid),
      ),
    );
  const theirs = uids(other!);
  expect(theirs.size).toBeGreaterThan(200);
  expect([...uids(one!)].filter((uid) => theirs.has(uid))).toEqual([]);
  const created = ({ now, engine }: World, ms: number): boolean =>
    engine.store
      .list("pods")
      .every(({ metadata }) => Math.abs(Date.parse(metadata.creationTimestamp) - ms) < 180_000) &&
    now > 0;
  expect([created(one!, bornMs[0]!), created(other!, bornMs[1]!)]).toEqual([true, true]);
});
