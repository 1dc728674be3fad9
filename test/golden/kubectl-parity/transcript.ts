/** Lists of command lines, and what real kubectl said to each. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../../../scripts/root.ts";

export const folder = path.join(root, "test/golden/kubectl-parity");

export interface Said {
  line: string;
  stdout: string;
  stderr: string;
  code: number;
}

/** Names of the lists: `lines/NAME.txt`, a command line of the shell each, `#` begins a comment. */
export const lists = (): string[] =>
  readdirSync(path.join(folder, "lines")).map((file) => file.replace(/\.txt$/, ""));

export const linesOf = (list: string): string[] =>
  readFileSync(path.join(folder, "lines", `${list}.txt`), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

const fileOf = (list: string): string => path.join(folder, "recorded", `${list}.json`);

export function recorded(list: string): Map<string, Said> {
  if (!existsSync(fileOf(list))) return new Map();
  const said = JSON.parse(readFileSync(fileOf(list), "utf8")) as Said[];
  return new Map(said.map((one) => [one.line, one]));
}

export const keep = (list: string, said: readonly Said[]): void =>
  writeFileSync(fileOf(list), `${JSON.stringify(said, null, 1)}\n`);

/**
 * Lines that may differ, with the reason: `exceptions.txt`, the line and its reason parted by a tab. One that does not differ
 * any more has to go.
 */
export function exceptions(): Map<string, string> {
  const text = readFileSync(path.join(folder, "exceptions.txt"), "utf8");
  const rows = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(rows.map((row) => row.split("\t") as [string, string]));
}

/**
 * What both sides cannot have in common: where they run, the server's address, the release of the binary, the
 * moment and process that klog names.
 */
export const normal = (text: string): string =>
  text
    // The recorder's server ends every watch at once.
    .replace(/^[^\n]*reflector\.go:\d+\] "Warning: watch ended with error"[^\n]*\n/gm, "")
    .replace(/https?:\/\/(127\.0\.0\.1:\d+|10\.96\.0\.1:443)/g, "https://SERVER")
    .replace(/\b(127\.0\.0\.1:\d+|10\.96\.0\.1:443)\b/g, "SERVER")
    .replaceAll(/v1\.36\.\d+/g, "v1.36.X")
    .replaceAll(/([EFIW])\d{4} [\d:.]{15} +\d+ (\w+\.go)/g, "$1MMDD TIME PID $2")
    .replaceAll(/\/tmp\/parity-\w+/g, "/tmp/w");
