import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startServer } from "../../scripts/server.ts";
import { buildPageIfStale } from "../../scripts/page.ts";

/** Starts Podyard once for a project's tests, as `npm start` does; tests get its address by `inject("url")`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  buildPageIfStale();
  const statePath = mkdtempSync(path.join(tmpdir(), "podyard-"));
  const server = await startServer({ port: 0, host: "127.0.0.1", statePath });
  project.provide("url", server.url);
  return async () => {
    await server.stop();
    rmSync(statePath, { recursive: true, force: true });
  };
}

declare module "vitest" {
  export interface ProvidedContext {
    url: string;
  }
}
