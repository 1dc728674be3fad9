import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./root.ts";

/** `node scripts/gallery.ts` writes the folders of `gallery/` into the file that the Worker carries. */

export const galleryFile = path.join(root, "worker/scenarios/gallery-files.json");

export function galleryText(): string {
  const folder = path.join(root, "gallery");
  const scenarios = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => [name, filesOf(path.join(folder, name))] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(scenarios), null, 2) + "\n";
}

function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => [path.relative(folder, file).split(path.sep).join("/"), file] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(files.map(([name, file]) => [name, readFileSync(file, "utf8")]));
}

if (import.meta.main) writeFileSync(galleryFile, galleryText());
