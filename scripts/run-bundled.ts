import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "./root.ts";

/** `node scripts/run-bundled.ts FILE`: runs a file whose packages only load when bundled. */

const entry = process.argv[2];
if (!entry) throw new Error("which file?");
const folder = path.join(root, "dist/run");
mkdirSync(folder, { recursive: true });
const { outputFiles } = await build({
  entryPoints: [entry],
  absWorkingDir: root,
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  target: "node22",
  sourcemap: "inline",
  external: ["miniflare", "wrangler", "esbuild", "vite", "playwright-core"],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
});
const file = path.join(folder, `${path.basename(entry, ".ts")}.mjs`);
writeFileSync(file, outputFiles[0]!.contents);
process.argv.splice(1, 2, file);
await import(pathToFileURL(file).href);
