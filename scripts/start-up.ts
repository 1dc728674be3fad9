import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./root.ts";

/**
 * `node scripts/start-up.ts [CONFIG]`: what a cold start of the Worker costs, as wrangler profiles it in the local runtime: bytes of the bundle and CPU
 * until its modules are there.
 */

export interface StartUp {
  kib: number;
  gzipKib: number;
  /** The least of several starts, as little else of the machine as can be being in it. */
  cpuMs: number;
}

const runs = 3;

export function measureStartUp(config = "wrangler.toml"): StartUp {
  const starts = Array.from({ length: runs }, () => profiled(config));
  return starts.reduce((least, one) => (one.cpuMs < least.cpuMs ? one : least));
}

function profiled(config: string): StartUp {
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
export const toldStartUp = ({ kib, gzipKib, cpuMs }: StartUp): string =>
  `Worker: ${Math.round(kib)} KiB, ${Math.round(gzipKib)} KiB gzip; a cold start takes ${Math.round(cpuMs)} ms of CPU here`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(toldStartUp(measureStartUp(process.argv[2])));
}
