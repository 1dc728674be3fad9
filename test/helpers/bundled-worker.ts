import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import type { Plugin } from "vite";
import type { TestProject } from "vitest/node";
import { workerBuild } from "../../scripts/bundle.ts";
import { root } from "../../scripts/root.ts";

/**
 * What the tests of `test/worker` import of the Worker and its object, bundled once for all of them, as native modules of the runtime. File
 * by file each test's runtime would be sent 1,500 modules in one message, which has an end at 32 MiB, and evaluate them for ten seconds.
 */

const folder = path.join(root, "dist/worker-tests");
const own = /^(?:worker|durable-objects)\//;

const bundledFile = (source: string): string =>
  path.join(folder, source.replace(/\.(?:ts|json)$/, ".js"));

export const bundledMain = bundledFile("worker/index.ts");
/** For the plugin's `modulesRules`. */
export const bundledModules = ["**/dist/worker-tests/**/*.js"];

/** Before the project's first test. */
export default async function setup(project: TestProject): Promise<void> {
  await bundle();
  project.onTestsRerun(bundle);
}

async function bundle(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const entryPoints = ["worker/index.ts", ...imported()];
  await build({ ...workerBuild, entryPoints, outdir: folder, outbase: root });
}

/** Paths from the root. */
function imported(): Set<string> {
  const found = new Set<string>();
  const here = path.join(root, "test/worker");
  for (const name of readdirSync(here, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = path.join(here, name);
    for (const [, specifier] of readFileSync(file, "utf8").matchAll(/"(\.\.?\/[^"\n]+\.ts)"/g)) {
      const source = sourceOf(specifier!, file);
      if (source !== undefined) found.add(source);
    }
  }
  return found;
}

/** Of the Worker or its object; undefined: something else. */
function sourceOf(specifier: string, importer: string): string | undefined {
  const file = path.resolve(path.dirname(importer), specifier);
  const source = path.relative(root, file);
  return own.test(source) && existsSync(file) ? source : undefined;
}

/** Leads imports there. */
export const bundledWorker = (): Plugin => ({
  name: "bundled-worker",
  enforce: "pre",
  resolveId(specifier, importer) {
    if (importer === undefined || !specifier.startsWith(".")) return undefined;
    const source = sourceOf(specifier, importer);
    return source && bundledFile(source);
  },
});
