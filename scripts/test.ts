import { spawn } from "node:child_process";
import path from "node:path";
import { root } from "./root.ts";
import { buildPageIfStale } from "./page.ts";

/**
 * `npm test`: two runs of vitest beside each other, one that computes (engine, Worker) and one that mostly waits, for servers, browsers
 * and the clock (clients, pages): together they take as long as the longer one. What the second says comes when the first has ended. With arguments
 * one run takes them all.
 */

const projects = [
  ["engine", "worker"],
  ["clients", "web"],
];

interface Ended {
  code: number;
  said: string;
}

function run(args: string[], quiet: boolean): Promise<Ended> {
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", ...args], {
    cwd: root,
    stdio: ["inherit", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    env: {
      ...process.env,
      // What was loaded once is neither stripped of its types nor compiled again.
      NODE_COMPILE_CACHE: path.join(root, "dist/node-cache"),
      ...(quiet && process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}),
    },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    // Ended by a signal it has no code.
    child.once("close", (code) => resolve({ code: code ?? 1, said }));
  });
}

const args = process.argv.slice(2);
if (args.length > 0) process.exit((await run(args, false)).code);

// Both look at the page's folder; neither builds it while the other reads.
buildPageIfStale();
const [computing, waiting] = projects.map((names, i) =>
  run(
    names.map((name) => `--project=${name}`),
    i > 0,
  ),
) as [Promise<Ended>, Promise<Ended>];
const first = await computing;
const second = await waiting;
process.stdout.write(second.said);
const failed = projects.filter((_, i) => [first, second][i]!.code !== 0).flat();
if (failed.length > 0) console.error(`\nfailed: ${failed.join(" or ")}`);
process.exit(failed.length > 0 ? 1 : 0);
