import { availableParallelism } from "node:os";
import path from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { bundledMain, bundledModules, bundledWorker } from "./test/helpers/bundled-worker.ts";
import { LongestFirst } from "./test/longest-first.ts";

const node = { environment: "node", pool: "threads" } as const;
/**
 * Behind the others, and more at a time than there are processors: they wait for servers, browsers and the clock most of the time. `npm test`
 * (scripts/test.ts) runs them beside the others.
 */
const waiting = { maxWorkers: availableParallelism() + 1, sequence: { groupOrder: 1 } } as const;

export default defineConfig(async () => ({
  test: {
    // One fewer is the default, which on a machine with two processors lets half of it idle.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...node,
          name: "engine",
          // The engine's 1,200 files are loaded once by each worker, as Node itself loads them, in which calls between files are
          // plain calls: its tests are pure, and leave nothing behind.
          isolate: false,
          experimental: { viteModuleRunner: false, nodeLoader: false },
          // A hang is a fault, a slow machine is none.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          include: [
            "test/engine/**/*.test.ts",
            "test/sessions/**/*.test.ts",
            "test/golden/**/*.test.ts",
            "test/sim/**/*.test.ts",
            "test/trial/**/*.test.ts",
            "test/service/**/*.test.ts",
            "test/tidy.test.ts",
          ],
        },
      },
      {
        plugins: [
          bundledWorker(),
          cloudflareTest({
            main: bundledMain,
            wrangler: { configPath: "./wrangler.toml" },
            verbose: false,
            miniflare: {
              modulesRules: [{ type: "ESModule", include: bundledModules }],
              bindings: {
                LOG_REQUESTS: "none",
                TEST_MIGRATIONS: await readD1Migrations(
                  path.join(import.meta.dirname, "migrations"),
                ),
              },
            },
          }),
        ],
        test: {
          name: "worker",
          // Two runtimes take the files in turns, each emptied before the next one (setup.ts): starting one is 2.5 seconds of CPU.
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          include: ["test/worker/**/*.test.ts"],
          globalSetup: ["./test/helpers/bundled-worker.ts"],
          setupFiles: ["./test/worker/setup.ts"],
        },
      },
      {
        test: {
          ...node,
          ...waiting,
          name: "clients",
          include: ["test/clients/**/*.test.ts"],
          globalSetup: ["./test/helpers/server-setup.ts"],
          maxConcurrency: 8,
          testTimeout: 600_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          ...node,
          ...waiting,
          name: "web",
          include: ["test/web/**/*.test.ts"],
          globalSetup: ["./test/helpers/server-setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // A second is too little for a page on a busy machine.
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
}));
