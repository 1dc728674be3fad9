import { existsSync } from "node:fs";

const first = (files: (string | undefined)[]): string | undefined =>
  files.find((file) => file !== undefined && existsSync(file));

/** The system's Chromium, or the one that `CHROMIUM` names. */
export const findChromium = (): string | undefined =>
  first([
    process.env["CHROMIUM"],
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ]);

/** The system's Firefox, or the one that `FIREFOX` names. */
export const findFirefox = (): string | undefined =>
  first([process.env["FIREFOX"], "/usr/bin/firefox-esr", "/usr/bin/firefox"]);
