import { build, type Plugin } from "esbuild";
import { root } from "./root.ts";

/** A Worker as one ES module, as `wrangler deploy` would bundle it, in a tenth of the time. */
export async function bundleWorker(entry: string, plugins: Plugin[] = []): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser", "import"],
    external: ["cloudflare:*", "node:*"],
    legalComments: "none",
    logLevel: "warning",
    plugins,
  });
  return result.outputFiles[0]!.text;
}
