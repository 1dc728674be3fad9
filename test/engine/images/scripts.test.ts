/** One-liners in node, python and perl: what real ones print, beside what a container's print. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { RuntimeWorld } from "../runtime/runtime-world.ts";

interface Row {
  args: string[];
  out: string;
  /** The line of the error that names it, where there is one. */
  err: string;
  code: number;
}
const golden = new URL("../../golden/scripts.json", import.meta.url);
const rows = JSON.parse(readFileSync(golden, "utf8")) as Row[];
const images: Record<string, string> = {
  node: "node:22",
  python3: "python:3.13",
  perl: "perl:5.36",
};

function run(image: string, command: string[]): { out: string; err: string; code: number } {
  const world = new RuntimeWorld();
  const spec = world.start(
    world.spec(world.pod("web"), "x", image, { command: ["sleep", "100000"] }),
  );
  const { exitCode, stdout, stderr } = world.exec(spec, command);
  return { out: stdout, err: stderr, code: exitCode };
}

test.each(rows)("$args", ({ args, out, err, code }) => {
  const made = run(images[args[0] ?? ""] ?? "", args);
  expect(`${made.out}${made.code}`).toBe(`${out}${code}`);
  if (err && args[0] !== "node") expect(made.err.trim().split("\n").at(-1)).toBe(err);
});

describe("others", () => {
  const refused = "this sandbox simulates one-liners only";
  test.each<[string, string[], string, number]>([
    ["php:8.4", ["php", "-r", 'echo 1+1, "\\n";'], "2\n", 0],
    [
      "php:8.4",
      ["php", "-r", "echo '1'+'1', ' ', '1'.'1', ' ', 7/2, ' ', 0.1+0.2, \"\\n\";"],
      "2 11 3.5 0.3\n",
      0,
    ],
    ["php:8.4", ["php", "-r", 'for ($i=0; $i<3; $i++) { echo "$i\\n"; }'], "0\n1\n2\n", 0],
    [
      "ruby:3.4",
      ["ruby", "-e", "puts 1+1; puts '1'+'1'; puts 7/2; puts 2**100"],
      "2\n11\n3\n1267650600228229401496703205376\n",
      0,
    ],
    ["ruby:3.4", ["ruby", "-e", '3.times { |i| puts "n #{i}" }'], "n 0\nn 1\nn 2\n", 0],
    ["ruby:3.4", ["ruby", "-e", "puts 1/0"], "", 1],
    [
      "some/app",
      ["sh", "-c", "python3 -c 'print(1+1)'; perl -e 'print 1+1'; node -e 'console.log(1+1)'"],
      "2\n22\n",
      0,
    ],
    [
      "node",
      [
        "node",
        "-e",
        "let i = 0; setInterval(() => { i++; console.log(i); if (i > 2) process.exit() }, 1000)",
      ],
      "1\n2\n3\n",
      0,
    ],
    ["node", ["node", "-e", "setTimeout(() => console.log('late'), 2000)"], "late\n", 0],
    [
      "python",
      ["python", "-c", "import time\nfor i in range(3):\n  print(i, flush=True)\n  time.sleep(1)"],
      "0\n1\n2\n",
      0,
    ],
    ["node:0.10.40", ["node", "--version"], "v0.10.40\n", 0],
    ["node", ["node", "-e", `console.log(${"[".repeat(500)})`], "", 1],
    ["python", ["python", "-c", "print(9**9**9)"], "", 1],
    ["python", ["python", "-c", "x = 'a' * 10**9"], "", 1],
  ])("%s %j", (image, command, out, code) => {
    const made = run(image, image === "some/app" ? ["sh", "-c", "true"] : command);
    if (image === "some/app") {
      const world = new RuntimeWorld();
      const spec = world.start(world.spec(world.pod("x"), "x", image, { args: command }));
      expect(world.log(spec)).toBe(out);
      return;
    }
    expect([made.out, made.code]).toEqual([out, code]);
    if (code === 1 && image !== "ruby:3.4") expect(made.err).toContain(refused);
  });

  test("the Job of the documentation prints pi", () => {
    const { out } = run("perl:5.34", ["perl", "-Mbignum=bpi", "-wle", "print bpi(2000)"]);
    expect(out.slice(0, 22)).toBe("3.14159265358979323846");
    expect(out).toHaveLength(2002);
    expect(out.slice(-11)).toBe("4780275901\n");
  });

  test("a program that counts for ever goes on after an eviction, with what it knew", () => {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("x"), "x", "python", {
        command: [
          "python",
          "-c",
          "import time\ni = 0\nwhile True:\n  i += 1\n  print('tick', i)\n  time.sleep(1)",
        ],
      }),
    );
    world.advance(spec, 3_500);
    expect(world.log(spec)).toBe("tick 1\ntick 2\ntick 3\ntick 4\n");
  });
});

describe("bounds", () => {
  test.each([
    ["python", "x = [1]\nwhile True:\n  x = [x, x]"],
    ["python", "x = 'a' * 20000\ny = [x] * 20000\nprint(y)"],
    ["python", "x = 'a' * 20000\nprint(x.replace('a', x))"],
    ["python", "x = 'a' * 20000\ny = x.join([x] * 20000)"],
    ["python", "x = [0]\nwhile True: x = x + x"],
    ["perl", "my $x = 'a'; while (1) { $x = $x . $x }"],
  ])("%s %j ends", (program, source) => {
    const made = run(program === "perl" ? "perl:5.36" : program, [
      program,
      program === "python" ? "-c" : "-e",
      source,
    ]);
    expect(made.err).toContain("this sandbox simulates one-liners only");
  });

  test("parts of programs never crash", () => {
    let seed = 7;
    const next = (n: number): number => (seed = (seed * 16_807) % 2_147_483_647) % n;
    const faults: unknown[] = [];
    for (let i = 0; i < 300; i++) {
      const { args } = rows[next(rows.length)] as Row;
      const source = [...(args.at(-1) ?? "")];
      for (let cuts = next(3) + 1; cuts > 0; cuts--) {
        const more = next(2) ? ["([{;,.+'\"$1x"[next(12)] ?? ""] : [];
        source.splice(next(source.length || 1), next(4), ...more);
      }
      const world = new RuntimeWorld();
      Object.assign(world, { fault: (_work: string, error: unknown) => faults.push(error) });
      const command = [...args.slice(0, -1), source.join("")];
      world.start(world.spec(world.pod("x"), "x", images[args[0] ?? ""] ?? "", { command }));
    }
    expect(faults).toEqual([]);
  });
});
