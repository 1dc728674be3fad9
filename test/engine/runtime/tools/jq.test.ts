/**
 * Every command line of test/golden/jq does what Debian's jq did (recorded by record.ts there); and what jq does beside that:
 * it is bounded, lazy, and survives a loss of memory.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runtime } from "../../../../durable-objects/engine/cri/runtime.ts";
import { imageCatalog } from "../../../../durable-objects/engine/images/index.ts";
import { binaryOf, bytesOf } from "../../../../durable-objects/engine/runtime/bytes.ts";
import type {
  ImageCatalog,
  Program,
} from "../../../../durable-objects/engine/runtime/kernel/types.ts";
import {
  execSession,
  sessionCloseInput,
  sessionInput,
  sessionOutput,
} from "../../../../durable-objects/engine/runtime/sessions.ts";
import { files, type JqRow } from "../../../golden/jq/rows.ts";
import { RuntimeWorld } from "../runtime-world.ts";

const folder = join(import.meta.dirname, "../../../golden/jq");
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
const rowsOf = (name: string): JqRow[] => JSON.parse(readFileSync(join(folder, name), "utf8"));

/** jq whose memory is nothing but what is written down, at each of its steps. */
function forgetful(): ReadonlyMap<string, Program> {
  const jq = imageCatalog.programs.get("jq")!;
  const step: Program["step"] = (sys, state) => {
    sys.process.state = JSON.parse(JSON.stringify(state));
    return jq.step(sys, sys.process.state);
  };
  return new Map([...imageCatalog.programs, ["jq", { ...jq, step }]]);
}

const images: ImageCatalog = {
  programs: forgetful(),
  find: (image) => imageCatalog.find(image),
  repository: (name) => imageCatalog.repository(name),
  bootLines: (image, at) => imageCatalog.bootLines(image, at),
};

class Lab {
  readonly world: RuntimeWorld;
  readonly #key: string;
  readonly #id: string;
  constructor(own?: ImageCatalog) {
    this.world = Object.assign(new RuntimeWorld(), own ? { images: own } : {});
    const command = ["sleep", "100000"];
    const spec = this.world.start(
      this.world.spec(this.world.pod("x"), "x", "badouralix/curl-jq", { command }),
    );
    this.#key = spec.pod.key;
    this.#id = spec.id;
    this.run("mkdir /lab");
    for (const [name, text] of Object.entries(files)) this.run(`cat > /lab/${name}`, text);
  }

  run(script: string, stdin = "", turns = 2_000): { out: string; err: string; code: number } {
    const command = ["sh", "-c", script];
    const { world } = this;
    const started = execSession(world, this.#key, this.#id, { command, tty: false, stdin: true });
    if ("error" in started) throw new Error(started.error);
    const { session } = started;
    if (stdin) sessionInput(world, this.#key, session, bytesOf(stdin));
    sessionCloseInput(world, this.#key, session);
    const told = { out: "", err: "", code: -1 };
    for (let turn = 0; turn < turns; turn++) {
      const part = sessionOutput(world, this.#key, session);
      told.out += binaryOf(part?.stdout ?? new Uint8Array());
      told.err += binaryOf(part?.stderr ?? new Uint8Array());
      if (part?.exit !== undefined) return { ...told, code: part.exit };
      const due = runtime.advance(world, this.#key);
      if (due === undefined) break;
      // What has just ended is told before the next thing that is due, which may be far away.
      world.now = Math.min(Math.max(world.now, due), world.now + 2_000);
    }
    return told;
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
const text = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");
const commandOf = ({ args }: JqRow): string =>
  `cd /lab; export WHO=me; exec jq ${args.map(text).map(quoted).join(" ")}`;

test("there are at least 350 command lines, a third of them errors, each difference with its reason", () => {
  const rows = names.flatMap(rowsOf);
  expect(rows.length).toBeGreaterThanOrEqual(350);
  expect(rows.filter((row) => row.code !== 0).length).toBeGreaterThanOrEqual(rows.length / 3);
  expect(rows.filter((row) => (row.differs === undefined) !== (row.ours === undefined))).toEqual(
    [],
  );
  expect(rows.filter((row) => row.differs !== undefined).length).toBeLessThanOrEqual(1);
});

describe.each(names)("%s", (name) => {
  const lab = new Lab();
  test.each(rowsOf(name).map((row) => [row.args.join(" ").slice(0, 70), row] as const))(
    "%s",
    (_, row) => {
      const { out = "", err = "", code = 0, ours } = row;
      expect(lab.run(commandOf(row), row.stdin)).toEqual(ours ?? { out, err, code });
    },
  );
});

test("a loss of memory before every step changes no byte", () => {
  const lab = new Lab(images);
  for (const row of rowsOf("options.json")) {
    const { out = "", err = "", code = 0 } = row;
    expect(lab.run(commandOf(row), row.stdin)).toEqual({ out, err, code });
  }
  const counted = lab.run("jq -n 'range(30000)' | tail -n 1");
  expect(counted).toEqual({ out: "29999\n", err: "", code: 0 });
});

test("outputs are made as they are asked for", () => {
  const lab = new Lab();
  expect(lab.run("jq -n 'range(1e9)' | head -n 2").out).toBe("0\n1\n");
  expect(lab.run("jq -n 'repeat(1)' | head -n 1").out).toBe("1\n");
  expect(lab.run("jq -nc '[limit(3; repeat(1))], first(range(1e9))'").out).toBe("[1,1,1]\n0\n");
  const loop = "def f: if . > 30000 then . else . + 1 | f end; 0 | f";
  expect(lab.run(`jq -n '${loop}'`).out).toBe("30001\n");
});

test("what has no end, or is too big, is bounded and leaves the others alone", () => {
  const lab = new Lab();
  expect(lab.run("timeout 2 jq -n 'last(range(1e12))'; echo $?").out).toMatch(/^(124|143)\n$/);
  const memory = { out: "", err: "error: cannot allocate memory\n", code: 134 };
  for (const filter of [
    "def f: 1 + f; f",
    '"x" | until(length > 1e9; . + .)',
    "[] | .[1e9] = 1",
    "reduce range(3000) as $i (null; [.]) | flatten",
  ])
    expect([filter, lab.run(`exec jq -n ${quoted(filter)}`)]).toEqual([filter, memory]);
  const deep = 'reduce range(2000) as $i (null; [.]) | tojson | test("too deep")';
  expect(lab.run(`jq -n ${quoted(deep)}`).out).toBe("true\n");
  const nested = `${"(".repeat(1000)}1${")".repeat(1000)}`;
  expect(lab.run(`jq -n '${nested}'`)).toMatchObject({ out: "", code: 3 });
  const slow = '"a" * 60000 | [match("(a*)*b"; "g")] | length';
  expect(lab.run(`jq -n ${quoted(slow)}`).out).toBe("0\n");
});

test("an input's outputs come as soon as its line has", () => {
  const lab = new Lab();
  const { out } = lab.run("(echo '{\"a\":1}'; sleep 5; echo '{\"a\":2}') | jq .a | head -n 1");
  expect(out).toBe("1\n");
});

test("random JSON comes back as it is", () => {
  const lab = new Lab();
  let seed = 7;
  const random = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
  const value = (depth: number): unknown => {
    switch (random(depth > 3 ? 5 : 7)) {
      case 0:
        return null;
      case 1:
        return random(2) === 0;
      case 2:
        return random(2_000_000) / 1_000 - 1_000;
      case 3:
        return random(1_000_000);
      case 4:
        return String.fromCodePoint(
          ...[...Array(random(6))].map(
            () => [34, 92, 10, 65 + random(50), 233, 0x1f600][random(6)]!,
          ),
        );
      case 5:
        return [...Array(random(4))].map(() => value(depth + 1));
      default:
        return Object.fromEntries(
          [...Array(random(4))].map((_, i) => [
            `${String.fromCharCode(97 + random(26))}${i}`,
            value(depth + 1),
          ]),
        );
    }
  };
  const sorted = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(sorted);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(
      Object.entries(one)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, sorted(inner)]),
    );
  };
  const values = [...Array(200)].map(() => value(0));
  const input = values.map((one) => Buffer.from(JSON.stringify(one)).toString("latin1")).join("\n");
  const lines = (list: unknown[]): string => list.map((one) => `${JSON.stringify(one)}\n`).join("");
  expect(text(lab.run("jq -c .", input).out)).toBe(lines(values));
  expect(text(lab.run("jq -c 'tojson | fromjson'", input).out)).toBe(lines(values));
  expect(text(lab.run("jq -cS .", input).out)).toBe(lines(values.map(sorted)));
  expect(text(lab.run("jq . | jq -c .", input).out)).toBe(lines(values));
  expect(lab.run("jq -c '[tostream] as $s | fromstream($s[]) == .' | sort -u", input).out).toBe(
    "true\n",
  );
  expect(
    lab.run(
      "jq -c '. as $v | [paths] | all(. as $p | $v | [getpath($p)] == [getpath($p)])' | sort -u",
      input,
    ).out,
  ).toBe("true\n");
});
