/**
 * `npm run tour`: what Podyard does for people, shown from beginning to end with curl, real kubectl and Chromium, on a server of its
 * own. A line for each step; what does not hold ends it with a failure.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildPageIfStale } from "../../scripts/page.ts";
import { startServer } from "../../scripts/server.ts";
import { findChromium } from "../helpers/chromium.ts";
import { findKubectls } from "../helpers/kubectl.ts";
import { tour } from "./tour.ts";

const executablePath = findChromium();
const binary = findKubectls().at(-1);
if (!executablePath || !binary) {
  if (!executablePath) console.error("no Chromium was found: set CHROMIUM to name one");
  if (!binary) console.error("no kubectl >= 1.30 was found: set KUBECTL to name one");
  process.exit(2);
}
buildPageIfStale();
const statePath = mkdtempSync(path.join(tmpdir(), "podyard-tour-"));
const began = performance.now();
const server = await startServer({ port: 0, tlsPort: 0, host: "127.0.0.1", statePath });
try {
  console.log(`${server.url}, kubectl ${binary.version}\n`);
  await tour({ url: server.url, executablePath, binary, say: (line) => console.log(line) });
  console.log(`\nEverything held (${((performance.now() - began) / 1000).toFixed(0)} s).`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await server.stop();
  rmSync(statePath, { recursive: true, force: true });
}
