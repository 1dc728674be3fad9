/**
 * Records what jq prints for the command lines of the *.json files beside this one:
 *   node test/golden/jq/record.ts [file.json ...]
 * Needs Debian 12's jq (1.6). A new row is one with nothing but `args`, and `stdin` where it reads some; `out`, `err` and `code`
 * are written anew. A row's `differs` says why Podyard's jq does not do the same, `ours` what it does.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { files, type JqRow } from "./rows.ts";

const here = import.meta.dirname;
const lab = mkdtempSync(join(tmpdir(), "jq-"));
for (const [name, text] of Object.entries(files)) writeFileSync(join(lab, name), text);

const utf8 = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");

function record(row: JqRow): JqRow {
  const { args, stdin, differs, ours } = row;
  const done = spawnSync("jq", args.map(utf8), {
    cwd: lab,
    input: Buffer.from(stdin ?? "", "latin1"),
    encoding: "latin1",
    timeout: 10_000,
    env: { PATH: "/usr/bin:/bin", HOME: "/root", WHO: "me" },
  });
  if (done.signal) throw new Error(`${args.join(" ")}: ${done.signal}`);
  return {
    args,
    ...(stdin === undefined ? {} : { stdin }),
    ...(done.stdout ? { out: done.stdout } : {}),
    ...(done.stderr ? { err: done.stderr } : {}),
    code: done.status ?? -1,
    ...(differs === undefined ? {} : { differs }),
    ...(ours === undefined ? {} : { ours }),
  };
}

const names = process.argv.slice(2).map((name) => basename(name));
const all = readdirSync(here).filter((name) => name.endsWith(".json"));
for (const name of names.length ? names : all) {
  const path = join(here, name);
  const rows = JSON.parse(readFileSync(path, "utf8")) as JqRow[];
  writeFileSync(path, `[\n${rows.map((row) => JSON.stringify(record(row))).join(",\n")}\n]\n`);
  console.log(`${name}: ${rows.length} command lines`);
}
rmSync(lab, { recursive: true, force: true });
