/** A checkpoint is written over several turns; a loss of memory in between, at any point, shows nowhere. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  checkpointPortionBytes,
  pageBytesTarget,
  portionsPerTurnMax,
} from "../../../durable-objects/engine/core/limits.ts";
import { World } from "../../helpers/world.ts";
import { deployment } from "../behaviours/behaviour-world.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const secrets = "/api/v1/namespaces/default/secrets";
const small = { checkpoint: 10_000, portion: 1_000, log: 600_000, pages: 1_500_000 };
const filling = "x".repeat(6_000);

let world: World;

const thing = (kind: string, name: string, value: string): object => ({
  apiVersion: "v1",
  kind,
  metadata: { name },
  ...(kind === "Secret" ? { stringData: { value } } : { data: { value } }),
});

const evict = (of = world): void => {
  const sizes = { ...of.engine.log.sizes };
  of.evict();
  Object.assign(of.engine.log.sizes, sizes);
};

/** The same storage, found again by an engine that has nothing in memory. */
function lostMemory(of: World): World {
  const other = new World({ ...of.options, nowMs: of.now }, of.sql.copy());
  other.now = of.now;
  Object.assign(other.engine.log.sizes, of.engine.log.sizes);
  return other;
}

const contents = ({ engine, now }: World): string => {
  const { store } = engine;
  return JSON.stringify([engine.snapshot(now, { pastAfter: 0 }), store.objectCount, store.rv]);
};

const meta = (of: World, key: string): { id: number; pages: unknown[] } | undefined => {
  const text = of.engine.log.meta(key);
  return text === undefined ? undefined : (JSON.parse(text) as { id: number; pages: unknown[] });
};

/** Some ten to a page: a few changes touch many pages. */
function fill(count: number): void {
  for (let i = 0; i < count; i++) world.create(thing("ConfigMap", `m${i}`, filling));
}

/** What somebody does, turn by turn: among it a class of objects that comes, and one that goes. */
function* story(of: World): Iterable<void> {
  for (let i = 0; i < 200; i++) {
    const name = `m${(i * 37) % 120}`;
    if (i % 9 === 4) of.delete(`${maps}/${name}`);
    else if (i % 9 === 7) of.create(thing("Secret", `s${i}`, "y".repeat(50)));
    else if (i % 50 === 11)
      for (const s of of.get(secrets).items) of.delete(`${secrets}/${s.metadata.name}`);
    else if (of.request("GET", `${maps}/${name}`).status === 404) {
      of.create(thing("ConfigMap", name, `back ${i}`));
    } else of.patch(`${maps}/${name}`, { data: { value: `${i} ${filling}` } });
    if (i % 40 === 20) of.now += 1_000;
    if (i % 3 === 0) of.engine.run(of.now);
    yield;
  }
}

beforeEach(() => {
  world = new World({ nodes: 1 });
});

describe("a loss of memory", () => {
  beforeEach(() => {
    Object.assign(world.engine.log.sizes, small);
    fill(120);
    world.create(deployment("web", { replicas: 3 }, { name: "c", image: "nginx" }));
    world.advance(30_000);
  });

  test("between two portions, wherever it comes, finds the same cluster again", () => {
    let unfinished = 0;
    let finished = 0;
    let id = meta(world, "checkpoint")?.id ?? 0;
    let turn = 0;
    for (const _ of story(world)) {
      const isUnfinished = meta(world, "unfinished-checkpoint") !== undefined;
      if (isUnfinished || ++turn % 10 === 0) {
        const other = lostMemory(world);
        same(contents(other), contents(world));
        expect(other.engine.log.objectBytes).toBe(world.engine.log.objectBytes);
      }
      if (isUnfinished) unfinished += 1;
      const now = meta(world, "checkpoint")?.id ?? 0;
      if (now !== id) finished += 1;
      id = now;
    }
    expect(unfinished).toBeGreaterThan(30);
    expect(finished).toBeGreaterThan(1);
  });

  test("within a portion takes back the whole turn, at whichever statement it comes", () => {
    let torn = 0;
    for (const _ of story(world)) {
      if (!meta(world, "unfinished-checkpoint") || torn >= 40) continue;
      const patch = (of: World): void =>
        void of.patch("/api/v1/namespaces/default", {
          metadata: { labels: { at: String(of.now) } },
        });
      const whole = lostMemory(world);
      const before = contents(whole);
      patch(whole);
      for (let writes = 0; ; writes++) {
        const other = lostMemory(world);
        const exec = other.sql.exec.bind(other.sql);
        let left = writes;
        other.sql.exec = (query, ...bindings) => {
          if (!/^\s*select/i.test(query) && left-- === 0) throw new Error("the machine stopped");
          return exec(query, ...bindings);
        };
        const { error } = attempt(() => patch(other));
        other.sql.exec = exec;
        evict(other);
        if (!error) {
          same(contents(other), contents(whole));
          break;
        }
        torn += 1;
        same(contents(other), before);
        patch(other);
        same(contents(other), contents(whole));
      }
    }
    expect(torn).toBeGreaterThanOrEqual(40);
  });

  test("after every turn keeps what was written of a checkpoint: it comes to its end as soon", () => {
    const finished = (loses: boolean): { checkpoints: number; changes: string; turns: number } => {
      const one = lostMemory(world);
      let checkpoints = 0;
      let turns = 0;
      let id = meta(one, "checkpoint")?.id;
      for (const _ of story(one)) {
        if (loses) evict(one);
        turns += 1;
        const now = meta(one, "checkpoint")?.id;
        if (now !== id) checkpoints += 1;
        id = now;
      }
      const changes = [...one.engine.log.history(one.engine.log.floor)];
      return { checkpoints, turns, changes: JSON.stringify(changes) };
    };
    const [kept, lost] = [finished(false), finished(true)];
    expect(lost.changes).toBe(kept.changes);
    expect(kept.checkpoints).toBeGreaterThan(1);
    expect(lost.checkpoints).toBeGreaterThanOrEqual(kept.checkpoints - 1);
  });
});

describe("moments of the past", () => {
  test("are made from whole checkpoints alone, with memory and without", () => {
    Object.assign(world.engine.log.sizes, small);
    fill(120);
    const seen = new Map<number, string>();
    let asked = 0;
    let within = 0;
    let turn = 0;
    for (const _ of story(world)) {
      const { engine, now } = world;
      const { rv } = engine.store;
      seen.set(rv, JSON.stringify(engine.snapshot(now).objects));
      if (++turn % 9 !== 0) continue;
      if (turn % 18 === 0) evict();
      if (meta(world, "unfinished-checkpoint")) within += 1;
      const { oldestMoment } = world.engine.log;
      for (const [revision, objects] of [...seen].slice(-12)) {
        if (revision < oldestMoment) continue;
        const again = world.engine.snapshot(now, { at: revision });
        same(JSON.stringify(again.objects), objects);
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(100);
    expect(within).toBeGreaterThan(3);
  });
});

describe("what it takes", () => {
  test("a turn writes no more pages than a few portions, however many are to be written", () => {
    const pages = pagesPerTurn();
    Object.assign(world.engine.log.sizes, { checkpoint: 1_000_000 });
    // Some 9 MB, of which then a little of each page changes.
    const value = "x".repeat(15_000);
    for (let i = 0; i < 600; i++) world.create(thing("ConfigMap", `m${i}`, value));
    settle();
    const { written } = pages;
    pages.written = 0;
    pages.largest = 0;
    for (let i = 0; i < 150; i++)
      world.patch(`${maps}/m${(i * 4) % 600}`, { metadata: { labels: { i: String(i) } } });
    settle();
    expect(written).toBeGreaterThan(5_000_000);
    expect(pages.written).toBeGreaterThan(5_000_000);
    expect(pages.largest).toBeLessThan(checkpointPortionBytes + 2 * pageBytesTarget);
  });

  test("a turn that writes much writes more, up to a bound", () => {
    const pages = pagesPerTurn();
    Object.assign(world.engine.log.sizes, { checkpoint: 60_000, portion: 20_000 });
    for (let i = 0; i < 40; i++) world.create(thing("ConfigMap", `m${i}`, "x".repeat(60_000)));
    settle();
    // A page that cannot be cut counts for itself.
    expect(pages.largest).toBeLessThan(portionsPerTurnMax * 20_000 + 2 * pageBytesTarget);
  });

  test("nothing is left behind: no page that nobody names, no more than is wanted of the past", () => {
    Object.assign(world.engine.log.sizes, small);
    fill(120);
    let turn = 0;
    for (const _ of story(world)) if (++turn % 11 === 0) evict();
    // What a loss of memory forgot of it is found when the next checkpoint is whole.
    const { id } = meta(world, "checkpoint") ?? { id: 0 };
    world.create(thing("ConfigMap", "busy", ""));
    for (let i = 0; meta(world, "checkpoint")?.id === id; i++) {
      world.patch(`${maps}/busy`, { data: { value: `${i} ${"z".repeat(850)}` } });
    }
    settle();
    const named = new Set<number>();
    const directories = [
      world.engine.log.meta("checkpoint") ?? "{}",
      ...world.sql.exec("SELECT body FROM checkpoints").map(({ body }) => String(body) || "{}"),
    ];
    for (const text of directories) {
      const { pages = [] } = JSON.parse(text) as { pages?: [number][] };
      for (const [id] of pages) named.add(id);
    }
    const stored = world.sql.exec("SELECT id FROM state").map(({ id }) => Number(id));
    expect(new Set(stored)).toEqual(named);
    const { bytes } = world.sql.exec("SELECT SUM(LENGTH(body)) AS bytes FROM state")[0] ?? {};
    expect(Number(bytes)).toBeLessThan(small.pages + 2_000_000);
  });

  test("it goes on by itself where nothing changes, and ends", () => {
    Object.assign(world.engine.log.sizes, { ...small, checkpoint: 1e9 });
    fill(120);
    world.settle();
    Object.assign(world.engine.log.sizes, small);
    world.create(thing("ConfigMap", "last", "one"));
    expect(world.engine.log.isCheckpointing).toBe(true);
    const { rv } = world.engine.store;
    expect(settle()).toBeGreaterThan(3);
    expect(world.engine.store.rv).toBe(rv);
    const writes = world.sql.writes;
    world.engine.run(world.now);
    expect(world.sql.writes).toBe(writes);
  });
});

/** Shows the place where they part, not megabytes. */
function same(found: string, expected: string): void {
  let i = 0;
  while (i < expected.length && found[i] === expected[i]) i++;
  const near = (text: string): string => text.slice(Math.max(0, i - 150), i + 150);
  if (found !== expected) expect(near(found)).toBe(near(expected));
}

function attempt(body: () => void): { error?: unknown } {
  try {
    body();
    return {};
  } catch (error) {
    return { error };
  }
}

/** Runs until no checkpoint is under way, as the object does; returns the turns. */
function settle(): number {
  let turns = 0;
  for (; world.engine.log.isCheckpointing && turns < 1_000; turns++) world.engine.run(world.now);
  return turns;
}

/** Bytes of pages that turns write, watched from now on. */
function pagesPerTurn(): { written: number; largest: number; turns: number } {
  const seen = { written: 0, largest: 0, turns: 0 };
  const { sql } = world;
  const exec = sql.exec.bind(sql);
  const transaction = sql.transaction.bind(sql);
  let bytes = 0;
  sql.exec = (query, ...bindings) => {
    if (query.startsWith("INSERT INTO state")) bytes += String(bindings[1]).length;
    return exec(query, ...bindings);
  };
  sql.transaction = (body) => {
    bytes = 0;
    const result = transaction(body);
    seen.written += bytes;
    seen.largest = Math.max(seen.largest, bytes);
    if (bytes > 0) seen.turns += 1;
    return result;
  };
  return seen;
}
