/**
 * Writes machinery/time-zones.json from the system's tzdata: the rule that each zone follows from now on (the POSIX text
 * at the end of its file, RFC 9636) and the zones that follow it. Zones whose clocks change by a list of dates instead
 * (Morocco, Palestine) have no such rule and are left out.
 *
 * usage: node scripts/generate-time-zones.ts [/usr/share/zoneinfo]
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = process.argv[2] ?? "/usr/share/zoneinfo";
const target = fileURLToPath(
  new URL("../durable-objects/engine/machinery/time-zones.json", import.meta.url),
);
/** Second copies of the same files, and names that are none. */
const skipped = new Set(["posix", "right", "localtime", "posixrules", "Factory"]);
const byDates = new Set(["Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron"]);

const rules = new Map<string, string[]>();

function collect(folder: string, prefix: string): void {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (prefix === "" && skipped.has(name)) continue;
    if (statSync(path).isDirectory()) {
      collect(path, `${prefix}${name}/`);
      continue;
    }
    const bytes = readFileSync(path);
    if (bytes.subarray(0, 4).toString("latin1") !== "TZif") continue;
    const rule = bytes.toString("latin1").trimEnd().split("\n").at(-1) ?? "";
    const zone = prefix + name;
    if (byDates.has(zone)) continue;
    rules.set(rule, [...(rules.get(rule) ?? []), zone]);
  }
}

collect(root, "");
const sorted = [...rules].sort(([a], [b]) => (a < b ? -1 : 1));
const table = Object.fromEntries(sorted.map(([rule, zones]) => [rule, zones.join(" ")]));
writeFileSync(target, `${JSON.stringify(table, null, 2)}\n`);
