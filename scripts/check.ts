import { spawnSync } from "node:child_process";
import { root } from "./root.ts";

/** `npm run check`: format, lint, types, house rules. Runs all of them, and fails if one does. */

const steps: [name: string, command: string, ...args: string[]][] = [
  ["format", "oxfmt", "--check"],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["types: worker", "tsc", "-p", "tsconfig.json"],
  ["types: engine", "tsc", "-p", "durable-objects/engine"],
  ["types: web", "tsc", "-p", "web"],
  ["types: tests", "tsc", "-p", "test"],
  ["types: worker tests", "tsc", "-p", "test/worker"],
  ["tidy", "vitest", "run", "--project", "engine", "test/tidy.test.ts"],
  ["structure", "node", "scripts/structure.ts"],
];

const failed: string[] = [];
for (const [name, command, ...args] of steps) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(", ")}`);
  process.exit(1);
}
