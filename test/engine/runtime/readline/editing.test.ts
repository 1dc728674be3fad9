/** Lines edited at a prompt, beside what bash 5.2 shows of the same keys (test/golden/readline). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { SqlValue } from "../../../../durable-objects/engine/core/sql.ts";
import { NodeSql } from "../../../helpers/node-sql.ts";
import { Screen } from "../../../helpers/screen.ts";
import { World } from "../../../helpers/world.ts";

interface Row {
  name: string;
  cols?: number;
  /** Bytes typed at once, or another width. */
  keys: (string | number)[];
}

const folder = new URL("../../../golden/readline/", import.meta.url);
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as T;
const typed = read<{ begin: string; files: string[]; rows: Row[] }>("keys.json");
const recorded = read<Record<string, string[]>>("screens.json");

const encoder = new TextEncoder();

class Typist {
  readonly world: World;
  readonly #evicts: boolean;
  #seen: Record<string, number> = {};
  #decoder = new TextDecoder();

  constructor(evicts = false, sql = new NodeSql()) {
    this.world = new World({}, sql);
    this.#evicts = evicts;
    this.open("prepare", ["sh"]);
    const made = typed.files.map((name) =>
      name.endsWith("/") ? `mkdir -p '${name}'` : `: > '${name}'`,
    );
    this.type(`mkdir -p /tmp/readline && cd /tmp/readline; ${made.join("; ")}\r`, "prepare");
  }

  open(name: string, command: string[], cols = 80): void {
    const { world } = this;
    const opened = world.engine.session(world.now, () =>
      world.engine.terminals.open(name, {
        place: { node: "control-plane" },
        command,
        cols,
        rows: 24,
      }),
    );
    if ("reason" in opened) throw new Error(opened.reason);
    world.advance(1_000);
  }

  begin(cols = 80): void {
    this.open("main", ["bash", "--norc", "--noprofile"], cols);
    this.type(`${typed.begin}\r`);
    this.news();
    this.type("\x0c");
  }

  /** Types without letting time pass. */
  press(keys: string, name = "main"): void {
    const { engine, now } = this.world;
    engine.session(now, () => engine.terminals.write(name, encoder.encode(keys)));
  }

  type(keys: string, name = "main"): void {
    const { world } = this;
    this.press(keys, name);
    if (this.#evicts) world.evict();
    world.advance(300);
  }

  resize(cols: number): void {
    const { world } = this;
    world.engine.session(world.now, () => world.engine.terminals.resize("main", cols, 24));
    world.advance(300);
  }

  /** What was printed since it was asked last. */
  news(name = "main"): string {
    let text = "";
    for (;;) {
      const { position, bytes } = this.world.engine.terminals.read(
        name,
        this.#seen[name] ?? 0,
        64 * 1024,
      );
      if (bytes.length === 0) return text;
      text += this.#decoder.decode(bytes, { stream: true });
      this.#seen[name] = position + bytes.length;
    }
  }
}

/** What is printed for each keystroke. */
function play({ keys, cols }: Row, evicts = false): string[] {
  const typist = new Typist(evicts);
  typist.begin(cols);
  const printed = [typist.news()];
  for (const key of keys) {
    if (typeof key === "number") typist.resize(key);
    else typist.type(key);
    printed.push(typist.news());
  }
  return printed;
}

function screens({ keys, cols = 80 }: Row, printed: readonly string[]): string[] {
  const screen = new Screen(cols, 24);
  return printed.map((text, i) => {
    const key = keys[i - 1];
    if (typeof key === "number") screen.resize(key);
    screen.write(text);
    return String(screen);
  });
}

describe("a line at bash's prompt", () => {
  it.for(typed.rows)("$name", (row) => {
    const shown = screens(row, play(row));
    const real = screens(row, recorded[row.name]!);
    const at = (list: string[]): string[] =>
      list.map((screen, i) => `${JSON.stringify(row.keys[i - 1] ?? "")}\n${screen}`);
    expect(at(shown)).toEqual(at(real));
  });
});

/** Every third sequence of the goldens, typed anew with the object lost behind every key. */
describe("a loss of memory behind every key", () => {
  it.for(typed.rows.filter((_, i) => i % 3 === 0))("changes no byte: $name", (row) => {
    expect(play(row, true)).toEqual(play(row));
  });
});

/** Counts rows that statements write, and the bytes of the values in them. */
class CountingSql extends NodeSql {
  readonly written: { query: string; bytes: number }[] = [];

  override exec(query: string, ...bindings: SqlValue[]): Record<string, SqlValue>[] {
    if (!/^\s*select/i.test(query)) {
      const sizes = bindings.map((value) =>
        typeof value === "string"
          ? encoder.encode(value).length
          : value instanceof Uint8Array
            ? value.length
            : 8,
      );
      this.written.push({ query, bytes: sizes.reduce((sum, size) => sum + size, 0) });
    }
    return super.exec(query, ...bindings);
  }
}

describe("a key", () => {
  it("costs one row, and a line that is edited few bytes in it", () => {
    const sql = new CountingSql();
    const typist = new Typist(false, sql);
    typist.type("exit\r", "prepare");
    const { world } = typist;
    world.engine.session(world.now, () => world.engine.terminals.close("prepare"));
    typist.begin();
    typist.type("echo one two three\r");
    const perKey = [..."kubectl get pods -A\x1b[D\x17\x1f"].map((key) => {
      sql.written.length = 0;
      typist.press(key);
      return sql.written.map(({ bytes }) => bytes);
    });
    expect(perKey.filter((rows) => rows.length > 1)).toEqual([]);
    // The row tells what changed of the terminal's last chunk, of its session and of bash's line.
    expect(Math.max(...perKey.flat())).toBeLessThan(600);
    const sum = perKey.flat().reduce((a, b) => a + b, 0);
    expect(sum / perKey.length).toBeLessThan(400);
  });
});

describe("a terminal's modes", () => {
  it("are set and shown by stty, and are the user's own behind a prompt", () => {
    const typist = new Typist();
    typist.begin();
    typist.type("stty -a | grep icanon; stty -echo; stty; stty size\r");
    expect(typist.news()).toContain(
      "\risig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\r\n" +
        "speed 38400 baud; line = 0;\r\n-brkint -imaxbel iutf8\r\n-echo\r\n24 80\r\n",
    );
    typist.type("read x\r");
    typist.news();
    typist.type("secret\r");
    expect(typist.news()).not.toContain("secret");
    typist.type("stty sane; stty raw -echo; head -c 3 | od -c; stty sane\r");
    typist.news();
    typist.type("a\x03b");
    expect(typist.news()).toContain("0000000   a 003   b");
  });

  it("take ^C as a signal while a line is edited, and while a command runs", () => {
    const typist = new Typist();
    typist.begin();
    typist.type("sleep 100\r");
    typist.type("\x03");
    typist.type("echo $?\r");
    expect(typist.news()).toMatch(/\^C[^]*\r130\r\n/);
  });
});

describe("the history", () => {
  it("is read from its file and written to it", () => {
    const typist = new Typist();
    typist.type("printf 'echo old\\n' > /root/.bash_history\r", "prepare");
    typist.open("main", ["bash", "--norc"]);
    typist.type("HISTCONTROL=ignoreboth\r echo hidden\recho new\recho new\r");
    typist.news();
    typist.type("\x1b[A\x1b[A\x1b[A");
    expect(typist.news()).toContain("echo old");
    typist.type("\x15exit\r");
    typist.type("cat /root/.bash_history; stat -c %a /root/.bash_history\r", "prepare");
    expect(typist.news("prepare")).toContain(
      "\r\necho old\r\nHISTCONTROL=ignoreboth\r\necho new\r\nexit\r\n",
    );
  });
});
