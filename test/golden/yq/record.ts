/**
 * Records what yq prints for the command lines of the *.json files beside this one:
 *   node test/golden/yq/record.ts PATH-OF-YQ
 * Needs mikefarah's yq 4.54. A new row is one with nothing but `args`, and `stdin` where it reads some; the rest is written anew.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { files, type YqRow } from "./rows.ts";

const here = import.meta.dirname;
const lab = mkdtempSync(join(tmpdir(), "yq-"));
const [yq = "yq"] = process.argv.slice(2);

function record({ args, stdin }: YqRow): YqRow {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(lab, name), text);
  const done = spawnSync(yq, args, {
    cwd: lab,
    input: stdin ?? "",
    encoding: "utf8",
    timeout: 10_000,
    env: { PATH: "/usr/bin:/bin", HOME: "/root", WHO: "me", NUM: "3" },
  });
  if (done.signal) throw new Error(`${args.join(" ")}: ${done.signal}`);
  const file = readFileSync(join(lab, "a.yaml"), "utf8");
  return {
    args,
    ...(stdin === undefined ? {} : { stdin }),
    ...(done.stdout ? { out: done.stdout } : {}),
    ...(done.stderr ? { err: done.stderr } : {}),
    code: done.status ?? -1,
    ...(file === files["a.yaml"] ? {} : { file }),
  };
}

for (const name of readdirSync(here).filter((one) => one.endsWith(".json"))) {
  const path = join(here, name);
  const rows = JSON.parse(readFileSync(path, "utf8")) as YqRow[];
  writeFileSync(path, `[\n${rows.map((row) => JSON.stringify(record(row))).join(",\n")}\n]\n`);
  console.log(`${name}: ${rows.length} command lines`);
}
rmSync(lab, { recursive: true, force: true });
