import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { build } from "vite";
import { root } from "./bundle.ts";

/** The page and the OpenAPI documents with their descriptions, into dist/web. */
export async function buildPage(): Promise<void> {
  // It writes below web/public, which the page's build takes along.
  await import("./generate-openapi.ts");
  await build({ configFile: path.join(root, "web/vite.config.ts"), logLevel: "warn" });
}

/** Builds unless dist/web is newer than everything it is made from. */
export async function buildPageIfStale(): Promise<void> {
  const built = path.join(root, "dist/web/index.html");
  const sources = ["web", "durable-objects/engine/schema", "scripts", "package-lock.json"];
  const newest = Math.max(...sources.map((source) => changedAt(path.join(root, source))));
  if (!existsSync(built) || statSync(built).mtimeMs < newest) await buildPage();
}

function changedAt(file: string): number {
  const { mtimeMs } = statSync(file);
  if (!statSync(file).isDirectory()) return mtimeMs;
  const inside = readdirSync(file)
    .filter((name) => name !== "openapi")
    .map((name) => changedAt(path.join(file, name)));
  return Math.max(0, ...inside);
}
