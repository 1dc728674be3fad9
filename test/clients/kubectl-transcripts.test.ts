import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, inject, test } from "vitest";
import { findKubectls, Kubectl, skipNote } from "../helpers/kubectl.ts";
import { makeSandbox } from "../helpers/sandbox.ts";
import { replay } from "../helpers/transcript.ts";

/**
 * Whole sessions with real kubectl, compared with what was read over and recorded. UPDATE_GOLDEN=1 records them anew, with
 * the newest kubectl found.
 */

const binaries = findKubectls();
if (binaries.length === 0) skipNote("no kubectl >= 1.30 was found; recorded sessions did not run");

const folder = path.join(import.meta.dirname, "../golden/kubectl");
const updates = process.env["UPDATE_GOLDEN"] !== undefined;
// What `kubectl edit` changes.
process.env["KUBE_EDITOR"] = "sed -i 's/replicas: 3$/replicas: 4/'";

/** Texts that kubectl itself words in another way in older versions. */
const ofKubectl: [RegExp, string][] = [[/due to error:(?=\S)/g, "due to error: "]];

// The newest plays all, the older ones what kubectl itself does most of.
const sessions = binaries.flatMap((binary, at) => {
  const newest = at === binaries.length - 1;
  const names = newest
    ? ["first-steps", "rollouts", "declared", "cluster"]
    : ["first-steps", "declared"];
  return updates && !newest ? [] : names.map((name) => ({ binary, name, version: binary.version }));
});

describe.skipIf(sessions.length === 0).concurrent("recorded sessions", () => {
  test.each(sessions)("kubectl $version: $name", async ({ binary, name }) => {
    const file = path.join(folder, `${name}.txt`);
    const recorded = readFileSync(file, "utf8");
    const { kubeconfig } = await makeSandbox(inject("url"), { seed: 1 });
    const seen = await replay(recorded, new Kubectl(binary, kubeconfig));
    if (updates) writeFileSync(file, seen);
    else
      expect(ofKubectl.reduce((text, [from, to]) => text.replace(from, to), seen)).toBe(recorded);
  });
});
