import { expect, test } from "vitest";
import { differencesOf } from "../../web/time/compare.ts";
import { concerns, isBy, peopleOf } from "../../web/time/filter.ts";
import { lineDiff } from "../../web/ui/line-diff.ts";
import {
  indexOf,
  marksOf,
  momentAt,
  momentBefore,
  momentsOf,
  placesOf,
  stepped,
} from "../../web/time/marks.ts";
import { changedByPeople } from "../../web/time/undoing.ts";
import {
  clockText,
  momentIn,
  momentText,
  offsetText,
  offsetWords,
  spanText,
} from "../../web/time/words.ts";

/** What the time panels work out, without a page. */

const startMs = Date.parse("2026-11-29T14:00:00Z");
const row = (revision: number, seconds: number, kind = "controller") => ({
  revision,
  at: new Date(startMs + seconds * 1000).toISOString(),
  by: { kind, name: kind },
  resource: "pods",
  namespace: "default",
  name: `p${revision}`,
});
const rows = [row(5, 0), row(6, 0, "person"), row(7, 0), row(8, 1), row(12, 2), row(13, 7202)];
const moments = momentsOf(rows);

test("what happened at once is one moment, as of its newest revision; what a person did begins another", () => {
  expect(moments.map(({ revision, count, byPerson }) => [revision, count, byPerson])).toEqual([
    [5, 1, false],
    [7, 2, true],
    [8, 1, false],
    [12, 1, false],
    [13, 1, false],
  ]);
});

test("moments lie in order on the track, and hours of quiet leave a burst its room", () => {
  const places = placesOf(moments, startMs + 7_203_000);
  expect(places[0]).toBe(0);
  expect(places.toSorted((a, b) => a - b)).toEqual(places);
  expect(places.at(-1)).toBeLessThan(1);
  expect(places[3]! - places[0]!).toBeGreaterThan(0.15);
  expect(placesOf([], startMs)).toEqual([]);
});

test("marks are bounded, the fullest is the highest, and what people did stays seen", () => {
  const places = placesOf(moments, startMs + 7_203_000);
  const two = marksOf(moments, places, 2);
  expect(two).toHaveLength(2);
  expect(two[0]).toEqual({ place: 0.25, height: 1, byPerson: true });
  expect(two[1]!.height).toBeLessThan(1);
  expect(marksOf([], [], 2)).toEqual([]);
});

test("a place of the track is the moment next to it, and its end is now", () => {
  const places = placesOf(moments, startMs + 7_203_000);
  expect(momentAt(moments, places, 0)).toBe(moments[0]);
  expect(momentAt(moments, places, places[1]! + 0.001)).toBe(moments[1]);
  expect(momentAt(moments, places, 1)).toBeUndefined();
  expect(momentBefore(moments, startMs + 1_500)).toBe(moments[2]);
  expect(momentBefore(moments, startMs - 1)).toBe(moments[0]);
  expect(momentBefore([], startMs)).toBeUndefined();
});

test("steps go from moment to moment, stay at the oldest, and end at now", () => {
  expect(indexOf(moments, 10)).toBe(3);
  expect(indexOf(moments, 99)).toBe(5);
  // As of the last one is what now shows.
  expect(stepped(moments, undefined, -1)).toBe(12);
  expect(stepped(moments, 12, -1)).toBe(8);
  expect(stepped(moments, 7, -1)).toBe(5);
  expect(stepped(moments, 5, -1)).toBe(5);
  expect(stepped(moments, 8, 1)).toBe(12);
  expect(stepped(moments, 12, 1)).toBeUndefined();
  expect(stepped(moments, undefined, 1)).toBeUndefined();
  expect(stepped(moments, undefined, -1e9)).toBe(5);
});

test("time in words", () => {
  expect([0, 59, 60, 3_725, 7_200, 90_000, 86_460].map(spanText)).toEqual([
    "0 s",
    "59 s",
    "1 min",
    "1 h 2 min",
    "2 h",
    "1 d 1 h",
    "1 d",
  ]);
  expect([0, 1.9, 7_200, -90].map(offsetText)).toEqual([
    "as the wall",
    "as the wall",
    "+2 h",
    "−1 min 30 s",
  ]);
  expect(offsetWords(-90)).toBe("1 min 30 s behind the wall clock");
  expect(offsetWords(7_200)).toBe("2 h ahead of the wall clock");
  expect(clockText(startMs + 3_082_000)).toBe("14:51:22");
  expect(momentText(startMs, startMs + 60_000)).toBe("14:00:00");
  expect(momentText(startMs, startMs + 86_400_000)).toBe("2026-11-29 14:00:00");
  expect(momentIn("2026-11-29T14:03")).toBe("2026-11-29T14:03:00.000Z");
  expect(momentIn("")).toBeUndefined();
});

test("an undo counts each object that people changed once, and no Event or Clock", () => {
  const clock = { ...row(21, 9, "person"), resource: "clocks.podyard.dev", name: "cluster" };
  const again = { ...row(22, 9, "service"), name: "p6" };
  expect(changedByPeople([...rows, clock, again])).toEqual([
    { resource: "pods", namespace: "default", name: "p6" },
  ]);
});

test("rows are chosen by person and by object, with the object's Events", () => {
  const ada = { ...row(30, 9, "person"), by: { kind: "person", name: "ada" } };
  expect(peopleOf([...rows, ada])).toEqual(["ada", "person"]);
  expect(isBy(ada, "name:ada") && isBy(ada, "people") && isBy(ada, "")).toBe(true);
  expect(isBy(ada, "cluster") || isBy(ada, "name:person")).toBe(false);
  expect(isBy(row(1, 0), "cluster")).toBe(true);
  const object = { resource: "pods", namespace: "default", name: "p30" };
  const event = { ...ada, resource: "events", name: "p30.18ec944c3618b827" };
  expect(
    [ada, event, row(31, 0), { ...ada, namespace: "other" }].map((one) => concerns(one, object)),
  ).toEqual([true, true, false, false]);
});

test("two moments differ by the objects that came, changed and went", () => {
  const thing = (name: string, replicas: number, resourceVersion: string) => ({
    metadata: { name, namespace: "default", resourceVersion, managedFields: [resourceVersion] },
    spec: { replicas },
  });
  const reordered = { spec: { replicas: 1 }, metadata: thing("same", 1, "9").metadata };
  const found = differencesOf(
    "deployments.apps",
    "Deployment",
    [thing("same", 1, "1"), thing("scaled", 1, "1"), thing("gone", 1, "1")],
    [thing("scaled", 3, "2"), reordered, thing("new", 1, "3")],
  );
  expect(found.map(({ name, is }) => [name, is])).toEqual([
    ["gone", "removed"],
    ["new", "added"],
    ["scaled", "changed"],
  ]);
  expect(found[2]!.before!.metadata).toEqual({ name: "scaled", namespace: "default" });
});

test("lines that differ stand in hunks with three lines around them", () => {
  const lines = Array.from({ length: 20 }, (_, at) => `l${at + 1}`);
  const other = lines.with(9, "ten");
  expect(lineDiff(lines.join("\n"), other.join("\n")).map(({ sign, text }) => sign + text)).toEqual(
    ["@-7 +7", " l7", " l8", " l9", "-l10", "+ten", " l11", " l12", " l13"],
  );
  expect(lineDiff("a\nb", "a\nb")).toEqual([]);
  expect(lineDiff("", "a").map(({ sign }) => sign)).toEqual(["@", "+"]);
  const twoHunks = lineDiff(lines.join("\n"), other.with(0, "one").toSpliced(19, 1).join("\n"));
  expect(twoHunks.filter(({ sign }) => sign === "@").map(({ text }) => text)).toEqual([
    "-1 +1",
    "-7 +7",
    "-17 +17",
  ]);
});
