/**
 * Records what bash prints for the scripts of the *.json files beside this one:
 *   node test/golden/bash/record.ts [file.json ...]
 * Needs Linux and Debian 12's bash. Scripts stay as they are (a new one is a row with nothing but `run`); `out`, `err` and
 * `code` are written anew. A row's `differs` says why Podyard's bash does not do the same, `ours` what it does.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { lab, type Row } from "./rows.ts";

const here = import.meta.dirname;
const streams = mkdtempSync(join(tmpdir(), "bash-"));

function record(row: Row): Row {
  const { run, file, args, stdin, differs, ours } = row;
  rmSync(lab, { recursive: true, force: true });
  mkdirSync(lab, { recursive: true });
  if (file) writeFileSync(join(lab, "script.sh"), run, "latin1");
  const words = file ? ["script.sh", ...(args ?? [])] : ["-c", run, ...(args ?? [])];
  // Files, since a bash whose input is a socket takes itself for one that rshd has started, and reads ~/.bashrc.
  const [input, out, err] = ["in", "out", "err"].map((name) => join(streams, name));
  writeFileSync(input!, stdin ?? "", "latin1");
  for (const path of [out!, err!]) writeFileSync(path, "");
  const fds = [openSync(input!, "r"), openSync(out!, "a"), openSync(err!, "a")];
  const done = spawnSync("bash", words, {
    cwd: lab,
    stdio: fds,
    timeout: 20_000,
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" },
  });
  for (const fd of fds) closeSync(fd);
  if (done.signal) throw new Error(`${run}: ${done.signal}`);
  const told = readFileSync(err!, "latin1");
  return {
    run,
    ...(file ? { file } : {}),
    ...(args ? { args } : {}),
    ...(stdin === undefined ? {} : { stdin }),
    out: readFileSync(out!, "latin1"),
    ...(told ? { err: told } : {}),
    ...(done.status ? { code: done.status } : {}),
    ...(differs === undefined ? {} : { differs }),
    ...(ours === undefined ? {} : { ours }),
  };
}

const names = process.argv.slice(2).map((name) => basename(name));
const files = readdirSync(here).filter((name) => name.endsWith(".json"));
for (const name of names.length ? names : files) {
  const path = join(here, name);
  const rows = JSON.parse(readFileSync(path, "utf8")) as Row[];
  writeFileSync(path, `[\n${rows.map((row) => JSON.stringify(record(row))).join(",\n")}\n]\n`);
  console.log(`${name}: ${rows.length} scripts`);
}
for (const folder of [lab, streams]) rmSync(folder, { recursive: true, force: true });
