/** bash and dash complain in their own words: what real ones of Debian 12 say, beside what a container's say. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PodKernel } from "../../../../durable-objects/engine/runtime/kernel/kernel.ts";
import type { Kernel } from "../../../../durable-objects/engine/runtime/kernel/types.ts";
import { startExec } from "../../../../durable-objects/engine/runtime/launch.ts";
import type { Session } from "../../../../durable-objects/engine/runtime/kernel/state.ts";
import { terminalInput } from "../../../../durable-objects/engine/runtime/kernel/terminal.ts";
import { RuntimeWorld } from "../runtime-world.ts";

interface Row {
  shell: "bash" | "dash";
  how: "-c" | "file" | "stdin" | "absent";
  text: string;
  out: string;
  code: number;
}
const golden = new URL("../../../golden/shell/dialects.json", import.meta.url);
const rows = JSON.parse(readFileSync(golden, "utf8")) as Row[];

function said({ shell, how, text }: Row): { out: string; code: number } {
  const world = new RuntimeWorld();
  const spec = world.start(
    world.spec(world.pod("x"), "x", "debian:12", { command: ["sleep", "100000"] }),
  );
  const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
  const lib = "printf 'echo in\\nnosuch\\n' > /tmp/lib.sh; ";
  const write = `cd /tmp; ${lib}printf %s ${quoted(text.replaceAll("\\", "\\\\"))} > x.sh; `;
  const line = {
    "-c": `cd /; ${shell} -c ${quoted(text)}`,
    file: `${write}${shell} x.sh one`,
    stdin: `${write}${shell} < x.sh`,
    absent: `cd /tmp; ${shell} nosuch.sh`,
  }[how];
  const { exitCode, stdout } = world.exec(spec, ["bash", "-c", `{ ${line}\n} 2>&1`]);
  return { out: stdout, code: exitCode };
}

describe.each(["bash", "dash"])("%s", (shell) => {
  test.each(rows.filter((row) => row.shell === shell))("$how $text", (row) => {
    expect(`${said(row).out}${said(row).code}`).toBe(`${row.out}${row.code}`);
  });
});

describe("at a terminal", () => {
  /** What a terminal shows of a shell that is typed to. */
  function typed(image: string, command: string[], lines: string[]): string {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("web"), "x", image, { command: ["sleep", "100000"] }),
    );
    const kernel = PodKernel.load(world, spec.pod.key) as Kernel;
    const key = kernel.containerKey(spec.id) as string;
    // Lines are edited where the cursor can move; these were recorded where it cannot.
    const words = ["env", "TERM=dumb", ...command];
    const started = startExec(kernel, key, { command: words, tty: true, stdin: true });
    if ("error" in started) return started.error;
    kernel.run();
    for (const line of lines) {
      const keys = line === "\x04" ? line : `${line}\n`;
      terminalInput(kernel, kernel.pod.sessions[started.session] as Session, keys);
      kernel.run();
    }
    return kernel.pod.sessions[started.session]?.stdout.replaceAll("\r", "") ?? "";
  }

  test.each<[string, string[], string[], string]>([
    [
      "debian",
      ["bash"],
      ["foo", "cd /x"],
      "root@web:/# foo\nbash: foo: command not found\nroot@web:/# cd /x\nbash: cd: /x: No such file or directory\nroot@web:/# ",
    ],
    ["ubuntu", ["bash"], ["cd /tmp"], "root@web:/# cd /tmp\nroot@web:/tmp# "],
    [
      "nginx",
      ["/bin/sh"],
      ["foo", "cd /x"],
      "# foo\n/bin/sh: 1: foo: not found\n# cd /x\n/bin/sh: 2: cd: can't cd to /x\n# ",
    ],
    [
      "debian:12",
      ["sh"],
      ["echo $BASH_VERSION", "[[ a ]]"],
      "# echo $BASH_VERSION\n\n# [[ a ]]\nsh: 2: [[: not found\n# ",
    ],
    ["alpine", ["sh"], ["foo"], "/ # foo\nsh: foo: not found\n/ # "],
    [
      "bash:5.2",
      ["bash"],
      ["echo $BASH_VERSION"],
      "bash-5.2# echo $BASH_VERSION\n5.2.37(1)-release\nbash-5.2# ",
    ],
    ["rockylinux:9", ["bash"], ["cd /usr/bin"], "[root@web /]# cd /usr/bin\n[root@web bin]# "],
    [
      "debian",
      ["bash"],
      [";"],
      "root@web:/# ;\nbash: syntax error near unexpected token `;'\nroot@web:/# ",
    ],
  ])("%s %j", (image, command, lines, expected) => {
    expect(typed(image, command, lines)).toBe(expected);
  });

  // Recorded with bash 5.2.15 and dash 0.5.12 at a pseudo terminal.
  test.each<[string, string[], string]>([
    ["bash", ["\x04"], "$ exit\n"],
    ["bash", ["exit"], "$ exit\nexit\n"],
    ["bash", ["exit 3"], "$ exit 3\nexit\n"],
    ["bash", ["exit -- 3"], "$ exit -- 3\nexit\n"],
    ["bash", ["exit -1"], "$ exit -1\nexit\n"],
    ["bash", ["(exit 3)", "\x04"], "$ (exit 3)\n$ exit\n"],
    ["bash", ["echo $(exit)", "\x04"], "$ echo $(exit)\n\n$ exit\n"],
    ["bash", ["exit 4 | cat", "\x04"], "$ exit 4 | cat\n$ exit\n"],
    ["bash", ['trap "echo bye" EXIT', "exit"], '$ trap "echo bye" EXIT\n$ exit\nexit\nbye\n'],
    ["bash", ['trap "echo bye" EXIT', "\x04"], '$ trap "echo bye" EXIT\n$ exit\nbye\n'],
    ["bash", ["f() { exit 4; }", "f"], "$ f() { exit 4; }\n$ f\nexit\n"],
    ["bash", ["eval exit"], "$ eval exit\nexit\n"],
    ["bash", ["set -e", "false"], "$ set -e\n$ false\n"],
    ["bash", ["exec true"], "$ exec true\n"],
    ["bash", ["bash --norc", "\x04", "\x04"], "$ bash --norc\n$ exit\n$ exit\n"],
    ["bash", ["dash", "\x04", "\x04"], "$ dash\n$ \n$ exit\n"],
    ["bash", ["exit abc"], "$ exit abc\nexit\nbash: exit: abc: numeric argument required\n"],
    [
      "bash",
      ["exit 1 2", "echo $?", "\x04"],
      "$ exit 1 2\nexit\nbash: exit: too many arguments\n$ echo $?\n1\n$ exit\n",
    ],
    ["bash", ["logout", "\x04"], "$ logout\nbash: logout: not login shell: use `exit'\n$ exit\n"],
    ["bash", ["if :", "\x04"], "$ if :\n> bash: syntax error: unexpected end of file\nexit\n"],
    ["dash", ["\x04"], "$ \n"],
    ["dash", ["exit 3"], "$ exit 3\n"],
    ["dash", ["exit"], "$ exit\n"],
    [
      "dash",
      ["if :", "\x04", "echo hi", "\x04"],
      '$ if :\n> dash: 2: Syntax error: end of file unexpected (expecting "then")\n$ echo hi\nhi\n$ \n',
    ],
  ])("%s is left: %j", (shell, lines, expected) => {
    const command = shell === "bash" ? [shell, "--norc"] : [shell];
    const shown = typed("debian:12", ["env", "PS1=$ ", ...command], lines);
    expect(shown.replaceAll("bash-5.2# ", "$ ")).toBe(expected);
  });

  test.each([["logout"], ["exit"], ["\x04"]])("a login shell of bash says logout: %j", (key) => {
    const shown = typed("debian:12", ["bash", "-l"], [key]);
    expect(shown).toBe(`root@web:/# ${key === "\x04" ? "" : `${key}\n`}logout\n`);
  });

  test.each([
    ["debian:13", "5.2.37(1)-release"],
    ["debian:12", "5.2.15(1)-release"],
    ["debian:11", "5.1.4(1)-release"],
    ["ubuntu:24.04", "5.2.21(1)-release"],
    ["ubuntu:22.04", "5.1.16(1)-release"],
    ["some/app", "5.2.37(1)-release"],
  ])("bash of %s is %s", (image, version) => {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("x"), "x", image, { command: ["sleep", "100000"] }),
    );
    expect(world.exec(spec, ["bash", "-c", "echo $BASH_VERSION"]).stdout).toBe(`${version}\n`);
    const first = world.exec(spec, ["bash", "--version"]).stdout.split("\n")[0];
    expect(first).toBe(`GNU bash, version ${version} (x86_64-pc-linux-gnu)`);
  });
});
