/** Shell scripts that nobody would write: no throw of ours, no hang, nothing without bound, and the next Pod lives on. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  podRecordCharactersMax,
  stateBytesMax,
} from "../../../../durable-objects/engine/core/limits.ts";
import { box, isolationWorld, podOf, type IsolationWorld } from "../isolation/isolation-world.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? 20_260_103);
const times = Number(process.env["FUZZ_TIMES"] ?? 1);

const words = fc.constantFrom(
  ...["a", "b", "-n", "-l", "*", "?", "[a-", "~", "/", "/tmp", "/etc/passwd", "/proc/self/status"],
  ...[
    "$x",
    "${x:-y}",
    "${x#",
    "${#x}",
    "${x%%*}",
    "$((1+",
    "$((1/0))",
    "$((x+=1))",
    "$?",
    "$$",
    "$!",
    "$@",
  ],
  ...[
    '"$@"',
    "'",
    '"',
    "`echo b`",
    "$(echo a",
    "$(seq 3)",
    "\\",
    "é",
    "\u0000",
    "x".repeat(5_000),
    "1",
    "0",
    "-1",
  ],
  ...[
    "<(",
    "{a,b}",
    "x=1",
    "x=$x$x",
    "#",
    ";;",
    "&",
    "2>&1",
    ">&9",
    "</dev/null",
    ">/tmp/f",
    ">>/tmp/f",
    "<<E\na $x\nE\n",
  ],
);
const tools = fc.constantFrom(
  ...[
    "echo",
    "printf",
    "cat",
    "sed",
    "awk",
    "grep",
    "sort",
    "cut",
    "tr",
    "head",
    "tail",
    "wc",
    "tee",
    "xargs",
    "find",
  ],
  ...[
    "seq",
    "test",
    "[",
    "expr",
    "read",
    "set",
    "shift",
    "trap",
    "wait",
    "kill",
    "exec",
    "eval",
    "export",
    "unset",
  ],
  ...[
    "local",
    "return",
    "exit",
    "break",
    "continue",
    "cd",
    ".",
    "sh",
    "sh -c",
    "sleep",
    "ps",
    "tar",
    "gzip",
    "dd",
    "ls",
    "rm",
  ],
  ...[
    "cp",
    "mv",
    "mkdir",
    "stat",
    "date",
    "env",
    "yes",
    "nc",
    "wget",
    "nslookup",
    "top -n1",
    "base64",
    "md5sum",
    "false",
    "true",
  ],
);
const command = fc
  .tuple(tools, fc.array(words, { maxLength: 4 }))
  .map(([tool, args]) => [tool, ...args].join(" "));

const { script } = fc.letrec<{ script: string }>((tie) => ({
  script: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    command,
    fc
      .tuple(
        tie("script"),
        fc.constantFrom(";", "\n", "&&", "||", "|", "&", "| while read l; do echo $l; done;"),
        tie("script"),
      )
      .map((p) => p.join(" ")),
    tie("script").map((s) => `( ${s} )`),
    tie("script").map((s) => `{ ${s}; }`),
    fc.tuple(words, tie("script")).map(([w, s]) => `for i in ${w} 1 2; do ${s}; done`),
    fc.tuple(tie("script"), tie("script")).map(([c, s]) => `while ${c}; do ${s}; done`),
    fc.tuple(tie("script"), tie("script")).map(([c, s]) => `if ${c}; then ${s}; else ${s}; fi`),
    fc.tuple(words, tie("script")).map(([w, s]) => `case ${w} in ${w}) ${s};; *) ;; esac`),
    tie("script").map((s) => `f() { ${s}; f; }; f`),
    tie("script").map((s) => `echo "$( ${s} )"`),
    tie("script").map((s) => `trap '${s.replaceAll("'", "")}' EXIT TERM INT`),
  ),
}));

/** A piece lost, doubled or changed: the parser's own errors. */
const twisted = fc
  .tuple(
    script,
    fc.nat(200),
    fc.nat(10),
    fc.constantFrom("", "(", ")", "'", '"', "`", "$", "\n", "<", "}"),
  )
  .map(([text, at, length, put]) => text.slice(0, at) + put + text.slice(at + length));

function ready(): IsolationWorld {
  const world = isolationWorld(1);
  const limited = { resources: { limits: { memory: "64Mi", cpu: "500m" } } };
  world.create(podOf("p", [box("c", limited)]), podOf("other", [box("c")]));
  world.advance(20_000);
  return world;
}

/** For two virtual seconds; then whoever ran it hangs up. */
function play(world: IsolationWorld, text: string): void {
  const query = "stdin=true&stdout=true&stderr=true";
  const session = world.exec("p", text, query);
  session.write("one two\nthree\n");
  for (let i = 0; i < 4 && !session.status; i++) {
    world.advance(500);
    session.read();
  }
  const { code, status } = session;
  if (!status) session.end();
  else if (!(Number(code) >= 0 && Number(code) <= 255)) {
    expect.fail(`${text}: ${JSON.stringify(status)}`);
  }
  world.check();
  const { store, log } = world.engine;
  const size = JSON.stringify(store.record("runtime", "default/p") ?? "").length;
  expect(size, text).toBeLessThan(podRecordCharactersMax);
  expect(log.bytes, text).toBeLessThan(stateBytesMax);
}

describe("shell scripts", { timeout: 300_000 }, () => {
  test.each([
    ["of every shape", script, 120],
    ["with a piece missing", twisted, 120],
  ] as const)("%s", (_name, scripts, count) => {
    let world = ready();
    let played = 0;
    fc.assert(
      fc.property(scripts, (text) => {
        // Processes that ignore their hang-up stay, as they should; now and then it begins anew.
        if (++played % 60 === 0) {
          expect(world.out("other", "echo well")).toBe("well\n");
          world = ready();
        }
        // What killed its container was told so.
        if (!world.pod("p").status.containerStatuses[0].state.running) world = ready();
        play(world, text);
      }),
      { seed, numRuns: count * times },
    );
  });
});
