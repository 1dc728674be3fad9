/**
 * Records what busybox prints for every script of the *.yaml files beside this one:
 *   node test/golden/shell/record.ts [file.yaml ...]
 * Needs Linux, root (chroot), and Debian's package `busybox` (the dynamic one: its shell looks programs up in PATH as
 * the container image's does). Scripts are kept; stdout, stderr and exit are written anew.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parse, stringify } from "yaml";

interface Case {
  run: string;
  stdout?: string;
  stderr?: string;
  exit?: number;
  /** Input of the script. */
  stdin?: string;
}

const here = import.meta.dirname;
const root = mkdtempSync(join(tmpdir(), "busybox-"));

function makeRoot(): void {
  const busybox = execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
  for (const folder of ["bin", "tmp", "etc", "root", "usr/bin", "dev"]) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(busybox, join(root, "bin/busybox"));
  const libraries = execFileSync("ldd", [busybox], { encoding: "utf8" }).match(/\/\S+/g) ?? [];
  for (const library of libraries) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  execFileSync("chroot", [root, "/bin/busybox", "--install", "-s", "/bin"]);
  for (const [name, minor] of [["null", "3"], ["zero", "5"], ["urandom", "9"]]) execFileSync("mknod", ["-m", "666", join(root, "dev", name!), "c", "1", minor!]);
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
}

function record(one: Case): Case {
  rmSync(join(root, "tmp"), { recursive: true, force: true });
  mkdirSync(join(root, "tmp"), { mode: 0o1777 });
  const done = spawnSync("chroot", [root, "/bin/sh", "-c", `cd /tmp\n${one.run}`], {
    encoding: "latin1",
    input: one.stdin ?? "",
    timeout: 20_000,
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", HOSTNAME: "box" },
  });
  const exit = done.signal ? 128 + constants.signals[done.signal] : done.status;
  const text = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");
  return {
    run: one.run,
    ...(one.stdin === undefined ? {} : { stdin: one.stdin }),
    stdout: text(done.stdout),
    ...(done.stderr ? { stderr: text(done.stderr) } : {}),
    ...(exit ? { exit } : {}),
  };
}

makeRoot();
const names = process.argv.slice(2).map((name) => basename(name));
for (const name of names.length ? names : readdirSync(here).filter((file) => file.endsWith(".yaml"))) {
  const path = join(here, name);
  const cases = parse(readFileSync(path, "utf8")) as Case[];
  writeFileSync(path, stringify(cases.map(record), { lineWidth: 0, defaultStringType: "PLAIN", blockQuote: "literal" }));
  console.log(`${name}: ${cases.length} scripts`);
}
rmSync(root, { recursive: true, force: true });
