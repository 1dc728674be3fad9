import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./root.ts";

/**
 * `node scripts/start-up.ts [CONFIG]`: what a cold start of the Worker costs, as wrangler profiles it in the local runtime: bytes of the bundle, CPU
 * until the modules of the edge are there, and the same with the engine, which an isolate evaluates when its first object wakes.
 */

export interface StartUp {
  kib: number;
  gzipKib: number;
  /** The least of several starts, as little else of the machine as can be being in it. */
  cpuMs: number;
  /** As if the engine were imported at once. Absent: the Worker is one module. */
  withEngineMs?: number;
}

type Start = Omit<StartUp, "withEngineMs">;

const runs = 3;

export function measureStartUp(config = "wrangler.toml"): StartUp {
  const least = leastOf(config);
  const whole = wholeConfig(config);
  if (whole === undefined) return least;
  try {
    return { ...least, withEngineMs: leastOf(whole.config).cpuMs };
  } finally {
    for (const file of [whole.config, whole.main]) rmSync(path.join(root, file));
  }
}

/** Wrangler gives up after ten seconds by the clock, which a busy machine may let pass once. */
function leastOf(config: string): Start {
  const starts: Start[] = [];
  const failed: unknown[] = [];
  for (let i = 0; i < runs; i++) {
    try {
      starts.push(profiled(config));
    } catch (error) {
      failed.push(error);
    }
  }
  if (starts.length === 0) throw failed[0];
  return starts.reduce((best, one) => (one.cpuMs < best.cpuMs ? one : best));
}

/** Of the same modules, with a main one that imports the object's too. */
function wholeConfig(config: string): { config: string; main: string } | undefined {
  const text = readFileSync(path.resolve(root, config), "utf8");
  const main = /^main = "(dist\/.*)\/index\.js"$/m.exec(text);
  const folder = main?.[1];
  if (main === null || folder === undefined) return undefined;
  const object = readdirSync(path.join(root, folder)).find((name) => /^sandbox-.*\.js$/.test(name));
  if (object === undefined) return undefined;
  const made = { config: "wrangler.whole.toml", main: `${folder}/whole.js` };
  const whole = `import "./${object}";\nexport * from "./index.js";\nexport { default } from "./index.js";\n`;
  writeFileSync(path.join(root, made.main), whole);
  // What is there is measured: a build would take the main module away again.
  const kept = text.replace(main[0], `main = "${made.main}"`).replace(/^build = .*$/m, "");
  writeFileSync(path.join(root, made.config), kept);
  return made;
}

function profiled(config: string): Start {
  const folder = path.join(root, "dist/run");
  mkdirSync(folder, { recursive: true });
  const outfile = path.join(folder, "worker-startup.cpuprofile");
  const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [wrangler, "check", "startup", `--args=--config=${config}`, "--outfile", outfile],
    { cwd: root, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" }, timeout: 120_000 },
  );
  const [, kib, gzipKib] = /Bundle: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(stdout) ?? [];
  const [, cpuMs] = /Active: ([\d.]+) ms/.exec(stdout) ?? [];
  if (status !== 0 || gzipKib === undefined || cpuMs === undefined) {
    throw new Error(`wrangler check startup did not end well: ${stdout}${stderr}`);
  }
  return { kib: Number(kib), gzipKib: Number(gzipKib), cpuMs: Number(cpuMs) };
}

/** In a sentence. */
export const toldStartUp = ({ kib, gzipKib, cpuMs, withEngineMs }: StartUp): string =>
  `Worker: ${Math.round(kib)} KiB, ${Math.round(gzipKib)} KiB gzip; a cold start takes ${Math.round(cpuMs)} ms of CPU here${
    withEngineMs === undefined ? "" : `, ${Math.round(withEngineMs)} ms with an object's first wake`
  }`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(toldStartUp(measureStartUp(process.argv[2])));
}
