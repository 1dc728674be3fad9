/** Equals come out in the order that Go's sort.Sort gives them. The sums are those of its output. */
import { expect, test } from "vitest";
import { goSortedBy } from "../../../durable-objects/engine/kubectl/go/sort.ts";

/** FNV-1a of the places that sorted items came from. */
function sumOf(keys: readonly number[]): number {
  const items = keys.map((key, i) => ({ key, i }));
  let sum = 0x811c9dc5;
  for (const { i } of goSortedBy(items, ({ key }) => key))
    for (const c of `${i},`) sum = Math.imul(sum ^ c.charCodeAt(0), 0x01000193);
  return sum >>> 0;
}

test.each([
  [13, 7919, 5, 0x32cc5e7a],
  [40, 7919, 3, 0xe8f49baf],
  [60, 104_729, 7, 0x7b902b9f],
  [200, 31, 11, 0x589a37d5],
  [1000, 7919, 1000, 0x04f0c7f9],
  [1000, 1, 10, 0x41b1eb57],
  [3000, 999, 17, 0x0f7cfd39],
  [500, 0, 1, 0x10b821bb],
])("%i keys (i*%i + i*i) mod %i", (length, factor, modulus, sum) => {
  expect(sumOf(Array.from({ length }, (_, i) => (i * factor + i * i) % modulus))).toBe(sum);
});

test.each([
  ["a hill", (i: number) => (i > 200 ? 400 - i : i), 0x7df33d0d],
  ["falling", (i: number) => 400 - i, 0x30de6269],
  ["nearly sorted", (i: number) => (i % 97 === 5 ? i - 3 : i), 0x7877490f],
  ["a saw", (i: number) => (i % 50) * (Math.floor(i / 50) + 1), 0xc7b88373],
] as const)("400 keys: %s", (_, key, sum) => {
  expect(sumOf(Array.from({ length: 400 }, (__, i) => key(i)))).toBe(sum);
});
