/**
 * `npm run trial -- [--nodes N] [--minutes N] [--json FILE] [--quiet] FOLDER...`: the manifests of folders of anybody's, each
 * directory in a cluster of its own. Says what was refused, in the API server's words, and which workloads are not ready
 * after some virtual minutes, and why. Fails where a reconciler threw.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { tryBatch, type Verdict } from "./cluster.ts";
import { batchesOf, definitionsFor, manifestsBelow } from "./manifests.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: "string", default: "4" },
    minutes: { type: "string", default: "5" },
    /** Every verdict, for a program. */
    json: { type: "string" },
    /** The table alone. */
    quiet: { type: "boolean", default: false },
  },
});

interface Group {
  folder: string;
  verdicts: Verdict[];
  faults: string[];
}

function tried(root: string): Group {
  const files = manifestsBelow(root);
  const group: Group = { folder: path.basename(path.resolve(root)), verdicts: [], faults: [] };
  for (const batch of batchesOf(files)) {
    const outcome = tryBatch(batch, {
      nodes: Number(values.nodes),
      minutes: Number(values.minutes),
      definitions: definitionsFor(batch, files),
    });
    group.verdicts.push(...outcome.verdicts);
    group.faults.push(...outcome.faults.map((fault) => `${batch.folder}: ${fault}`));
    if (!values.quiet) tell(outcome.verdicts, outcome.faults);
  }
  return group;
}

function tell(verdicts: readonly Verdict[], faults: readonly string[]): void {
  for (const { file, refused, notReady } of verdicts) {
    for (const line of refused) console.log(`${file}\n  refused  ${line}`);
    for (const line of notReady) console.log(`${file}\n  not ready  ${line}`);
  }
  for (const fault of faults) console.log(`FAULT ${fault}`);
}

const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);

function tableOf(groups: readonly Group[]): string {
  const rows = groups.map(({ folder, verdicts, faults }) => [
    folder,
    verdicts.length,
    verdicts.filter(({ refused }) => refused.length === 0).length,
    verdicts.filter(({ refused }) => refused.length > 0).length,
    sum(verdicts.map(({ ready }) => ready)),
    sum(verdicts.map(({ notReady }) => notReady.length)),
    faults.length,
  ]);
  const head = ["folder", "files", "accepted", "refused", "ready", "not ready", "faults"];
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

if (positionals.length === 0) {
  console.error("npm run trial -- FOLDER...");
  process.exit(2);
}
const groups = positionals.map(tried);
console.log(tableOf(groups));
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(groups, null, 1));
process.exitCode = groups.some(({ faults }) => faults.length > 0) ? 1 : 0;
