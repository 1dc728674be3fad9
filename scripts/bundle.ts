import path from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { root } from "./root.ts";

/** A Worker's ES modules by their paths; the first is the one that the platform knows. */
export type WorkerModules = Record<string, string>;

/** Of the first module. */
export const mainModule = "index.js";

/**
 * What is imported by `import()` alone becomes modules of their own, which a Worker evaluates when it first asks for them: the engine
 * is loaded by the objects, not by the edge.
 */
export const workerBuild = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2024",
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["workerd", "worker", "browser", "import"],
  external: ["cloudflare:*", "node:*"],
  legalComments: "none",
  logLevel: "warning",
} satisfies BuildOptions;

/** A Worker as it is deployed, in memory. `minify`: to the byte. */
export async function bundleWorker(
  entry: string,
  { plugins = [], minify = false }: { plugins?: Plugin[]; minify?: boolean } = {},
): Promise<WorkerModules> {
  const outdir = path.join(root, "dist/modules");
  const { outputFiles } = await build({
    ...workerBuild,
    entryPoints: { index: entry },
    outdir,
    write: false,
    plugins,
    minify,
  });
  const modules = outputFiles.map((file) => [path.relative(outdir, file.path), file.text] as const);
  return Object.fromEntries(modules.toSorted(([a], [b]) => rank(a) - rank(b)));
}

const rank = (name: string): number => (name === mainModule ? 0 : 1);
