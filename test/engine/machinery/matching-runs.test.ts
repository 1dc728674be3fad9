import { expect, test } from "vitest";
import { matchingRuns } from "../../../durable-objects/engine/machinery/matching-runs.ts";

/** Lines drawn from few: a linear congruential generator. */
function lines(seed: number, count: number, kinds: number): string[] {
  let state = BigInt(seed);
  return Array.from({ length: count }, () => {
    state = (state * 1103515245n + 12345n) % 2147483648n;
    return String(Number(state >> 8n) % kinds);
  });
}

function text(a: readonly string[], b: readonly string[]): string {
  const joined: [number, number, number][] = [];
  for (const run of matchingRuns(a, b)) {
    const last = joined.at(-1);
    if (last && last[0] + last[2] === run.a && last[1] + last[2] === run.b) last[2] += run.length;
    else joined.push([run.a, run.b, run.length]);
  }
  return joined.map(([at, there, length]) => `${at}:${there}+${length}`).join(" ");
}

// Expected: what SequenceMatcher of Python's difflib answers, of which upstream's is a port. From 200 lines on frequent ones begin no run.
test.each([
  [1, 2, 12, 12, 4, "0:3+1 1:9+2 9:11+1"],
  [3, 4, 30, 25, 8, "0:7+1 1:20+3 10:24+1"],
  [
    5,
    6,
    120,
    150,
    30,
    "1:68+2 4:71+1 12:72+2 15:75+1 26:78+2 30:83+2 32:130+2 34:138+1 39:139+1 45:142+1 87:143+2 92:147+1",
  ],
  [
    7,
    8,
    230,
    210,
    60,
    "1:38+1 3:88+1 9:90+1 13:94+1 30:100+1 60:109+2 64:126+1 65:135+1 67:176+1 92:185+1 97:202+1 115:207+1",
  ],
] as const)(
  "texts of seeds %i and %i, %i and %i lines, match where difflib says",
  (one, other, n, m, kinds, expected) => {
    expect(text(lines(one, n, kinds), lines(other, m, kinds))).toBe(expected);
  },
);

test("lines that all equal each other are compared only so far", () => {
  const same = (count: number, kinds: number): string[] =>
    Array.from({ length: count }, (_, i) => `line ${i % kinds}`);
  expect(text(same(50_000, 120), same(50_000, 110))).toMatch(/^\d+:\d+\+\d+/);
  expect(text(same(150, 1), same(190, 1))).toBe("0:0+150");
});
