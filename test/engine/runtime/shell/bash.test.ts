/**
 * Every script of test/golden/bash prints what Debian 12's bash printed (recorded by record.ts there), with the shell's
 * state written down as it is on disk and read again before each of its steps.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runtime } from "../../../../durable-objects/engine/cri/runtime.ts";
import { imageCatalog } from "../../../../durable-objects/engine/images/index.ts";
import { binaryOf, bytesOf } from "../../../../durable-objects/engine/runtime/bytes.ts";
import { PodKernel } from "../../../../durable-objects/engine/runtime/kernel/kernel.ts";
import { stateCodec } from "../../../../durable-objects/engine/runtime/kernel/record-codec.ts";
import type { Session } from "../../../../durable-objects/engine/runtime/kernel/state.ts";
import { terminalInput } from "../../../../durable-objects/engine/runtime/kernel/terminal.ts";
import type {
  ImageCatalog,
  Kernel,
  Program,
} from "../../../../durable-objects/engine/runtime/kernel/types.ts";
import { startExec } from "../../../../durable-objects/engine/runtime/launch.ts";
import {
  execSession,
  sessionCloseInput,
  sessionInput,
  sessionOutput,
} from "../../../../durable-objects/engine/runtime/sessions.ts";
import { bashOwn } from "../../../../durable-objects/engine/runtime/shell/bash/builtins.ts";
import { bashBuiltins } from "../../../../durable-objects/engine/runtime/shell/bash/builtin-names-data.ts";
import { builtins } from "../../../../durable-objects/engine/runtime/shell/builtins.ts";
import { lab, type Row } from "../../../golden/bash/rows.ts";
import { RuntimeWorld } from "../runtime-world.ts";

const folder = join(import.meta.dirname, "../../../golden/bash");
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const rowsOf = (name: string): Row[] => JSON.parse(readFileSync(join(folder, name), "utf8"));

/** Programs whose shells forget all but what is written down. */
function forgetful(): ReadonlyMap<string, Program> {
  const bash = imageCatalog.programs.get("bash")!;
  const codec = stateCodec(bash)!;
  const step: Program["step"] = (sys, state) => {
    const written = JSON.stringify(codec.save(state));
    sys.process.state = codec.load(JSON.parse(written));
    // A field under its short name would come back under its full one.
    if (JSON.stringify(sys.process.state) !== JSON.stringify(state)) throw new Error(written);
    return bash.step(sys, sys.process.state);
  };
  return new Map([...imageCatalog.programs, ["bash", { ...bash, step }]]);
}

const images: ImageCatalog = {
  programs: forgetful(),
  find: (image) => imageCatalog.find(image),
  repository: (name) => imageCatalog.repository(name),
  bootLines: (image, at) => imageCatalog.bootLines(image, at),
};

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
const text = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");

function play({ run, file, args = [], stdin }: Row): { out: string; err: string; code: number } {
  const world = Object.assign(new RuntimeWorld(), { images });
  const spec = world.start(
    world.spec(world.pod("x"), "x", "debian:12", { command: ["sleep", "100000"] }),
  );
  const words = (file ? ["script.sh", ...args] : ["-c", run, ...args]).map(text).map(quoted);
  const script = file ? `cat > script.sh <<'END OF SCRIPT'\n${text(run)}END OF SCRIPT\n` : "";
  const command = `mkdir ${lab}; cd ${lab}\n${script}exec bash ${words.join(" ")}`;
  const started = execSession(world, spec.pod.key, spec.id, {
    command: ["sh", "-c", command],
    tty: false,
    stdin: true,
  });
  if ("error" in started) throw new Error(started.error);
  const { session } = started;
  if (stdin) sessionInput(world, spec.pod.key, session, bytesOf(stdin));
  sessionCloseInput(world, spec.pod.key, session);
  const told = { out: "", err: "", code: -1 };
  for (let turns = 0; turns < 5_000; turns++) {
    const part = sessionOutput(world, spec.pod.key, session);
    told.out += binaryOf(part?.stdout ?? new Uint8Array());
    told.err += binaryOf(part?.stderr ?? new Uint8Array());
    if (part?.exit !== undefined) return { ...told, code: part.exit };
    const due = runtime.advance(world, spec.pod.key);
    if (due === undefined) break;
    world.now = Math.max(world.now, due);
  }
  return told;
}

test("there are at least 400 scripts, each recorded, and each difference has its reason", () => {
  const rows = files.flatMap(rowsOf);
  expect(rows.length).toBeGreaterThanOrEqual(400);
  expect(new Set(rows.map((row) => JSON.stringify([row.run, row.args, row.stdin]))).size).toBe(
    rows.length,
  );
  expect(rows.filter((row) => row.out === undefined)).toEqual([]);
  expect(rows.filter((row) => (row.differs === undefined) !== (row.ours === undefined))).toEqual(
    [],
  );
});

describe.each(files)("%s", (name) => {
  test.each(rowsOf(name).map((row) => [row.run.slice(0, 70), row] as const))("%s", (_, row) => {
    const { out = "", err = "", code = 0, ours } = row;
    expect(play(row)).toEqual(ours ?? { out, err, code });
  });
});

test("every builtin whose name bash knows is there", () => {
  const lost = [...bashBuiltins].filter(
    (name) => !Object.hasOwn(bashOwn, name) && !Object.hasOwn(builtins, name),
  );
  expect(lost).toEqual([]);
});

test("scripts with a piece missing or too much end without a fault", { timeout: 120_000 }, () => {
  const rows = files.flatMap(rowsOf);
  const signs = [
    "$",
    "{",
    "}",
    "[",
    "((",
    "]]",
    "'",
    '"',
    "`",
    "<(",
    "<<<",
    "${!",
    "=(",
    "@Q}",
    "\n",
  ];
  const faults: string[] = [];
  rows.forEach(({ run }, i) => {
    const whole = text(run);
    const at = (i * 7_919) % (whole.length + 1);
    const sign = i % 3 === 0 ? "" : signs[i % signs.length]!;
    const script = whole.slice(0, at) + sign + whole.slice(at + (i % 5));
    const world = Object.assign(new RuntimeWorld(), {
      fault: (work: string, error: unknown) => faults.push(`${script}: ${work} ${String(error)}`),
    });
    const spec = world.start(
      world.spec(world.pod("x"), "x", "debian:12", { command: ["sleep", "100000"] }),
    );
    if (world.exec(spec, ["bash", "-c", script], 300).exitCode === 139) faults.push(script);
  });
  expect(faults).toEqual([]);
});

/** What a terminal shows of a bash that is typed to. */
function typed(lines: readonly string[]): string {
  const world = new RuntimeWorld();
  const spec = world.start(
    world.spec(world.pod("web"), "x", "debian:12", { command: ["sleep", "100000"] }),
  );
  const kernel = PodKernel.load(world, spec.pod.key) as Kernel;
  const key = kernel.containerKey(spec.id) as string;
  // Lines are edited where the cursor can move; these were recorded where it cannot.
  const command = ["env", "TERM=dumb", "bash", "--norc"];
  const started = startExec(kernel, key, { command, tty: true, stdin: true });
  if ("error" in started) return started.error;
  kernel.run();
  for (const line of lines) {
    terminalInput(kernel, kernel.pod.sessions[started.session] as Session, `${line}\n`);
    kernel.run();
  }
  const shown = kernel.pod.sessions[started.session]?.stdout.replaceAll("\r", "") ?? "";
  return shown.replace(/^bash-5\.2# /, "");
}

// Recorded with bash 5.2.15 at a pseudo terminal.
test.each<[lines: string[], shown: string]>([
  [
    ["PS1='$(echo sub)> '", "false", "echo $?"],
    "PS1='$(echo sub)> '\nsub> false\nsub> echo $?\n1\nsub> ",
  ],
  [
    ['PS1="[\\$?] \\W\\$ "', "cd /tmp", "(exit 3)"],
    'PS1="[\\$?] \\W\\$ "\n[0] /$ cd /tmp\n[0] tmp$ (exit 3)\n[3] tmp$ ',
  ],
  [
    ["PS1='$ '; PROMPT_COMMAND='echo before'", "false", "echo $?"],
    "PS1='$ '; PROMPT_COMMAND='echo before'\nbefore\n$ false\nbefore\n$ echo $?\n1\nbefore\n$ ",
  ],
  [
    ["PS1='$ ' PS2='more '", "a=(1", "2)", "echo ${#a[@]}", "[[ a b ]]", "echo $((1/0)); echo x"],
    "PS1='$ ' PS2='more '\n$ a=(1\nmore 2)\n$ echo ${#a[@]}\n2\n$ [[ a b ]]\nbash: conditional binary operator expected\n$ echo $((1/0)); echo x\nbash: 1/0: division by 0 (error token is \"0\")\n$ ",
  ],
  [
    ["PS1='$ '", "alias hi='echo hello'", "hi you", "history", "sleep 9 &", "jobs"],
    "PS1='$ '\n$ alias hi='echo hello'\n$ hi you\nhello you\n$ history\n    1  PS1='$ '\n    2  alias hi='echo hello'\n    3  hi you\n    4  history\n$ sleep 9 &\n[1] PID\n$ jobs\n[1]+  Running                 sleep 9 &\n$ ",
  ],
])("typed %j", (lines, shown) => {
  expect(typed(lines).replace(/\[1\] \d+/, "[1] PID")).toBe(shown);
});
