import path from "node:path";
import { readFile } from "node:fs/promises";
import { build, transform, type BuildOptions, type OutputFile, type Plugin } from "esbuild";
import type { Rolldown } from "vite";
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

/** The text of a library of the simulated Node.js, without blanks and with short names. */
export async function shortLibrary(text: string): Promise<string> {
  const { code } = await transform(text, { minifyWhitespace: true, minifyIdentifiers: true });
  return code;
}

/** Those libraries are strings to the bundler: they are made short before. */
const libraries: Plugin = {
  name: "libraries",
  setup: ({ onLoad }) =>
    onLoad({ filter: /(library|shell)-data\.ts$/ }, async ({ path: file }) => {
      const [before, text] = (await readFile(file, "utf8")).split("String.raw`");
      const short = await shortLibrary(text!.slice(0, text!.lastIndexOf("`")));
      return { contents: before + JSON.stringify(short), loader: "ts" };
    }),
};

/** What esbuild makes short of a build that goes to `minified`, which takes white space away and needs the comments that name files. */
export const shortened = {
  minifySyntax: true,
  minifyIdentifiers: true,
  plugins: [libraries],
} satisfies BuildOptions;

/**
 * The modules of a build with what esbuild's own `minify` leaves taken away too (values used once stand where they are used, names are as
 * short as they are frequent, what is alike stands together): a twentieth of the compressed bytes. A module's source map, where there
 * is one, goes along.
 */
export async function minified(
  outputs: readonly OutputFile[],
): Promise<{ path: string; text: string }[]> {
  // `npm start` bundles too, and has no use for all of Vite.
  const { minifySync } = await import("vite");
  const { arranged } = await import("./arranged.ts");
  return outputs
    .filter((output) => output.path.endsWith(".js"))
    .flatMap(({ path: file, text }) => {
      const map = outputs.find((output) => output.path === `${file}.map`);
      const { code, map: inputMap } = arranged(
        text,
        map && (JSON.parse(map.text) as Rolldown.SourceMap),
      );
      const found = minifySync(file, code, {
        module: true,
        compress: { target: "es2024", maxIterations: 10 },
        mangle: { toplevel: true },
        ...(inputMap && { sourcemap: true, inputMap }),
      });
      if (found.errors.length > 0) throw new Error(found.errors.map((e) => e.message).join("\n"));
      if (!map) return [{ path: file, text: found.code }];
      const link = `//# sourceMappingURL=${path.basename(map.path)}\n`;
      return [
        { path: file, text: `${found.code}\n${link}` },
        { path: map.path, text: JSON.stringify(found.map) },
      ];
    });
}

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
    ...(minify && shortened),
    plugins: minify ? [...plugins, ...shortened.plugins] : plugins,
  });
  const modules = (minify ? await minified(outputFiles) : outputFiles).map(
    (file) => [path.relative(outdir, file.path), file.text] as const,
  );
  return Object.fromEntries(modules.toSorted(([a], [b]) => rank(a) - rank(b)));
}

const rank = (name: string): number => (name === mainModule ? 0 : 1);
