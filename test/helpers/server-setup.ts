import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { bundleWorker, type WorkerModules } from "../../scripts/bundle.ts";
import { startServer } from "../../scripts/server.ts";
import { buildPageIfStale } from "../../scripts/page.ts";

/**
 * Starts Podyard once for a project's tests, as `npm start` does; tests get its address by `inject("url")`. Those that start
 * servers of their own get the same Worker by `inject("script")`: bundling it takes longer than the rest of a start.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  buildPageIfStale();
  const statePath = mkdtempSync(path.join(tmpdir(), "podyard-"));
  const script = await bundleWorker("worker/local.ts");
  const server = await startServer({ port: 0, host: "127.0.0.1", statePath, script });
  project.provide("url", server.url);
  project.provide("script", script);
  return async () => {
    await server.stop();
    rmSync(statePath, { recursive: true, force: true });
  };
}

declare module "vitest" {
  export interface ProvidedContext {
    url: string;
    script: WorkerModules;
  }
}
