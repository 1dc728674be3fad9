import { expect, inject, test } from "vitest";
import { findKubectls, skipNote } from "../helpers/kubectl.ts";
import { tour } from "../tour/tour.ts";
import { executablePath } from "./browsing.ts";

const binary = findKubectls().at(-1);
if (!binary) skipNote("no kubectl >= 1.30 was found (set KUBECTL to name one): no tour");

/** What `npm run tour` shows. */
test.skipIf(!executablePath || !binary)("the tour", { timeout: 300_000 }, async () => {
  const seen: string[] = [];
  const say = (line: string): void => void seen.push(line);
  await tour({ url: inject("url"), executablePath: executablePath!, binary: binary!, say });
  expect(seen).toHaveLength(10);
});
