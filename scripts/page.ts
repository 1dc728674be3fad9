import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { root } from "./root.ts";

/** The page, and the OpenAPI documents of the clusters (with their descriptions) and of the service, into dist/web. */
export async function buildPage(): Promise<void> {
  // It writes below web/public, which the page's build takes along.
  await import("./generate-openapi.ts");
  await import("./generate-api-document.ts");
  const { build } = await import("vite");
  await build({ configFile: path.join(root, "web/vite.config.ts"), logLevel: "warn" });
}

/** Builds, in a process of its own, unless dist/web is newer than everything it is made from. */
export function buildPageIfStale(): void {
  const built = path.join(root, "dist/web/index.html");
  const sources = [
    "web",
    "worker",
    "durable-objects/engine/schema",
    "scripts",
    "package-lock.json",
  ];
  const newest = Math.max(...sources.map((source) => changedAt(path.join(root, source))));
  if (!existsSync(built) || statSync(built).mtimeMs < newest) {
    const file = path.join(root, "scripts/build.ts");
    const { status } = spawnSync(process.execPath, [file], { stdio: "inherit" });
    if (status !== 0) throw new Error("the page could not be built");
  }
}

function changedAt(file: string): number {
  const { mtimeMs } = statSync(file);
  if (!statSync(file).isDirectory()) return mtimeMs;
  const inside = readdirSync(file)
    .filter((name) => name !== "openapi")
    .map((name) => changedAt(path.join(file, name)));
  return Math.max(0, ...inside);
}
