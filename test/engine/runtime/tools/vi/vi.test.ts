/** vi on a node's terminal, beside what vim 9.0 shows of the same keys (test/golden/vi). */
import { describe, expect, it } from "vitest";
import type { SqlValue } from "../../../../../durable-objects/engine/core/sql.ts";
import { NodeSql } from "../../../../helpers/node-sql.ts";
import { Desk, golden, play, recorded, timeless } from "./vi-world.ts";

describe("the screens of vim", () => {
  const desk = new Desk();
  it.for(golden.rowsOf)("$name", (row) => {
    const shown = play(desk, row);
    const told = (screens: string[]): string[] =>
      screens.map((screen, i) => `${JSON.stringify(row.keys[i - 1] ?? "")}\n${timeless(screen)}`);
    expect(told(shown)).toEqual(told(recorded[row.name]!));
  });
});

/** Begins vi on a text; the keys that lead to the end of `type` are typed at once. */
function on(
  text: string,
  options: { vimrc?: string; name?: string } = {},
  sql = new NodeSql(),
): Desk {
  const desk = new Desk(sql);
  const { vimrc, name = "file" } = options;
  desk.run(
    `mkdir -p /tmp/vi && cd /tmp/vi && printf %s '${text}' > ${name}` +
      (vimrc === undefined ? "" : `; printf %s '${vimrc}' > /root/.vimrc`),
  );
  desk.begin(["bash", "--norc"]);
  desk.type(`PS1='$ '; cd /tmp/vi; vi ${name}\r`);
  return desk;
}

const contents = (desk: Desk, name = "file"): string => {
  desk.type(`\x1b:wq\r`);
  desk.type("\x0c");
  desk.type(`cat -A ${name}; echo "[$?]"\r`);
  const { lines } = desk.screen;
  const end = lines.findLastIndex((line) => /^\[\d+\]$/.test(line));
  return lines.slice(lines.findLastIndex((line) => line.startsWith("$ cat")) + 1, end).join("\n");
};

describe("a loss of memory behind every key", () => {
  const keys = [
    ..."iname: x\r  y: [1, 2]\x1b",
    ..."yypAz\x1b",
    ...'"ayy"ap',
    ..."ma2Gd'au\x12",
    ..."v$~gv>",
    "/ne",
    ..."w\r",
    ..."cwo\x1bn.",
    ..."qaA!\x1bjq@a",
    ..."\x16jI#\x1b",
    ..."Rab\x7f\x1b",
    ..."Vj:s/e/E/g\r",
    ":%s/x/yy/gc\r",
    ..."ynq",
    ":set nu list\r",
    ...":reg\r\r",
    ":2,3!sort",
    "\r",
    ":r !echo from the shell\r",
    ":w other\r",
    ":e #\r",
    ..."\x1b[200~pas",
    ..."ted\r\n  text\x1b[201~",
    ..."i\x16",
    "\x01",
    ...'\x12"\x0fdd\x1b',
    ..."G\x15\x04zt",
    ...":q!\r",
  ];
  const text = Array.from({ length: 30 }, (_, i) => `line ${i} of the text, new`).join("\n");

  it("changes nothing on the screen", () => {
    const [kept, evicted] = [on(text), on(text)];
    keys.forEach((key, i) => {
      kept.type(key);
      evicted.press(key);
      evicted.world.evict();
      evicted.world.advance(100);
      evicted.look();
      expect(`${i} ${JSON.stringify(key)}\n${timeless(String(evicted.screen))}`).toBe(
        `${i} ${JSON.stringify(key)}\n${timeless(String(kept.screen))}`,
      );
    });
    expect(kept.screen.lines.join("\n")).toContain("$");
  });
});

const encoder = new TextEncoder();

/** Counts the bytes of what statements write. */
class CountingSql extends NodeSql {
  bytes = 0;
  statements = 0;

  override exec(query: string, ...bindings: SqlValue[]): Record<string, SqlValue>[] {
    if (!/^\s*select/i.test(query)) {
      this.statements++;
      for (const value of bindings)
        this.bytes +=
          typeof value === "string"
            ? encoder.encode(value).length
            : value instanceof Uint8Array
              ? value.length
              : 8;
    }
    return super.exec(query, ...bindings);
  }
}

describe("a large file", () => {
  it("is not written anew with every key, and each prints little", () => {
    const sql = new CountingSql();
    const desk = new Desk(sql);
    desk.run("seq 1 60000 > /tmp/large; seq 1 250000 > /tmp/huge; : > /tmp/none");
    desk.begin(["bash", "--norc"]);
    desk.type("vi /tmp/large\r");
    expect(desk.screen.lines.at(-1)).toContain('"/tmp/large" 60000L, 348894B');
    // What was read is in a checkpoint from here on.
    desk.type("l");
    const costs = [..."G3kdd2Goabc\x1bu\x12x.yyPjdw"].map((key) => {
      sql.bytes = 0;
      const printed = desk.type(key);
      return { key, bytes: sql.bytes, printed: printed.length };
    });
    // The row of a node and its terminal, without the 350 KB of the text.
    expect(Math.max(...costs.map(({ bytes }) => bytes))).toBeLessThan(9_000);
    expect(Math.max(...costs.slice(4).map(({ printed }) => printed))).toBeLessThan(700);
    desk.type(":wq\r");
    desk.type("\x0cwc -l /tmp/large; vi /tmp/huge\r");
    expect(desk.screen.lines.at(-1)).toContain(
      '"/tmp/huge" [too large: 1638895 bytes, this editor takes 1048576]',
    );
    // What could not be read is not written over.
    desk.type("ix\x1b:w\r");
    expect(desk.screen.lines.at(-1)).toContain("E32: No file name");
    desk.type(":q!\r");
    desk.type("\x0cls -l /tmp/huge | wc -l; vi /tmp/none\r");
    for (let i = 0; i < 4; i++) desk.type(":r /tmp/large\r");
    expect(desk.screen.lines.at(-1)).toContain("E41: Out of memory!");
    // A long paste is undone as one, though the state never holds all of it.
    const half = "0123456789 text\r".repeat(3_000);
    desk.type(`:e!\ri\x1b[200~${half}`);
    desk.type(`${half}\x1b[201~\x1b`);
    expect(desk.screen.lines.at(-1)).toContain("6001,0-1");
    sql.bytes = 0;
    desk.type("u");
    expect(sql.bytes).toBeLessThan(260_000);
    expect(desk.screen.lines.at(-1)).toContain("0,0-1");
  });
});

describe("a terminal", () => {
  it("gets other sizes, its own modes back, and pastes as they are", () => {
    const desk = on("  one\n    two\n", { vimrc: "set ai sw=2 et\n" });
    desk.screen = new (desk.screen
      .constructor as typeof import("../../../../helpers/screen.ts").Screen)(40, 8);
    desk.resize(40, 8);
    desk.look();
    expect(desk.screen.lines).toEqual([
      "  one",
      "    two",
      "~",
      "~",
      "~",
      "~",
      "~",
      expect.stringMatching(/ 1,3 {11}All$/),
    ]);
    desk.type("A\x1b[200~\r    a:\r      b: é\t字\x1b[201~!");
    expect(desk.screen.lines.slice(0, 4)).toEqual([
      "  one",
      "    a:",
      "      b: é      字!",
      "    two",
    ]);
    desk.type("\x1bggx\x1b[200~XY\x1b[201~");
    expect(desk.screen.lines[0]).toBe("  nXYe");
    desk.type("u:wq\r");
    desk.type("\x0cstty -a | grep -o '.icanon.*echo '\r");
    expect(String(desk.screen)).toContain(" icanon iexten echo");
  });

  it("says what it is and refuses what it cannot", () => {
    const desk = on("a\n");
    desk.type(":help\r");
    expect(desk.screen.lines.at(-1)).toContain("E433: No help here");
    desk.type(":split\r");
    expect(desk.screen.lines.at(-1)).toContain("E319: Sorry, the command is not available");
    desk.type(":q\r");
    desk.type("\x0cvim --version | head -1; vi /tmp/vi/file < /dev/null; echo $?\r");
    expect(desk.screen.lines.join("\n")).toContain(
      "VIM - Vi IMproved 9.0 (2022 Jun 28)\nVim: Warning: Input is not from a terminal\n" +
        "Vim: Error reading input, exiting...\nVim: Finished.\n1",
    );
  });
});

describe("patterns", () => {
  const tried: [text: string, command: string, after: string][] = [
    ["foo(bar) baz", "s/\\v(\\w+)\\((\\w+)\\)/\\2=\\1/", "bar=foo baz"],
    ["aaa bbb", "s/a\\{-1,}/x/", "xaa bbb"],
    ["key: old", "s/key: \\zs.*/new/", "key: new"],
    ["abcdef", "s/ab\\zscd\\zeef/-/", "ab-ef"],
    ["a.b*c", "s/\\V.b*/X/", "aXc"],
    ["Hello", "s/\\chello/bye/", "bye"],
    ["x1 y22", "s/[0-9]\\+/<&>/g", "x<1> y<22>"],
    ["one two", "s/\\<./\\u&/g", "One Two"],
    ["ÄÖ é", "s/./-/g", "----"],
    ["a/b/c", "s#/#::#g", "a::b::c"],
    ["foobar", "s/foo\\(bar\\)\\@=/X/", "Xbar"],
    ["foobar", "s/\\(foo\\|bar\\)\\+/[&]/", "[foobar]"],
    ["tab\tend", "s/\\t/ /", "tab end"],
    ["[x]", "s/\\[x]/y/", "y"],
    ["a-b_c", "s/[^a-z_-]\\|[-_]/./g", "a.b.c"],
    ["same same", "s/\\(same\\) \\1/twice/", "twice"],
    ["12ab", "s/\\d\\+\\a\\+/&!/", "12ab!"],
    ["caf\u00e9s", "s/[é]/e/", "cafes"],
  ];
  it("are vim's", () => {
    const desk = on("x\n");
    for (const [text, command, after] of tried) {
      desk.type(`:%d\r:set paste\ri${text}\x1b:${command}\r`);
      expect(`${command}: ${desk.screen.lines[0]}`).toBe(`${command}: ${after}`);
    }
    for (const [pattern, error] of [
      ["\\(a", "E54: Unmatched \\("],
      ["a\\)", "E55: Unmatched \\)"],
      ["\\+a", "E64: + follows nothing"],
      ["a**", "E61: Nested *"],
      ["\\v(a", "E54: Unmatched ("],
    ]) {
      desk.type(`/${pattern}\r`);
      expect(desk.screen.lines.at(-1)).toContain(error);
    }
  });
});

describe("files", () => {
  it("keep their ends, their modes and their owners' wishes", () => {
    const desk = on("one\ntwo", { name: "a" });
    desk.type("Gox\x1b:wq\r");
    desk.type("\x0ccat -A a; chmod 400 a; printf 'one\\r\\n' > d; vi d\r");
    expect(desk.screen.lines.at(-1)).toContain('"d" [dos] 1L, 5B');
    desk.type("ox\x1b");
    expect(contents(desk, "d")).toBe("one^M$\nx^M$");
    desk.type("\x0cmkdir -p folder; vi folder\r");
    expect(desk.screen.lines.at(-1)).toContain('"folder" is a directory');
    desk.type(":w nowhere/x\r");
    expect(desk.screen.lines.at(-1)).toContain('"nowhere/x" E212: Can\'t open file for writing');
    desk.type(":w folder\r");
    expect(desk.screen.lines.at(-1)).toContain('E17: "folder" is a directory');
  });
});
