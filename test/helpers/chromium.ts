import { existsSync } from "node:fs";

/** The system's Chromium, or the one that `CHROMIUM` names. */
export function findChromium(): string | undefined {
  return [
    process.env["CHROMIUM"],
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ].find((file) => file !== undefined && existsSync(file));
}
