import path from "node:path";
import { buildSync } from "esbuild";
import { root } from "./root.ts";

/**
 * Makes one module of a file and all that it imports, minified as the Worker is deployed, and returns where it lies. What is measured
 * from its many files keeps their text in memory, comments too, and loads packages that only load when bundled.
 */
export function bundledFile(entry: string, checkout: string = root): string {
  const file = path.join(checkout, "dist/run", `${path.basename(entry, ".ts")}.mjs`);
  buildSync({
    entryPoints: [entry],
    outfile: file,
    absWorkingDir: checkout,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node22",
    external: ["miniflare", "wrangler", "esbuild", "vite", "playwright-core"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  return file;
}
