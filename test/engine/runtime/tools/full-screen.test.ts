/** less and nano on a terminal, beside what Debian's show of the same keys (test/golden/full-screen). */
import { describe, expect, it } from "vitest";
import { recordedOf, screensOf, Stage, typedInto, type Row } from "./full-screen-world.ts";

const programs = ["less", "nano"].map((program) => ({
  program,
  typed: typedInto(program),
  recorded: recordedOf(program),
}));
const stages = new Map<string, Stage>();

/** One node for all rows of a program: each begins in a fresh folder. */
function stageOf(program: string): Stage {
  let stage = stages.get(program);
  if (!stage) stages.set(program, (stage = new Stage(typedInto(program).files)));
  return stage;
}

describe.each(programs)("$program", ({ program, typed, recorded }) => {
  it.for(typed.rows)("$name", (row) => {
    const printed = stageOf(program).play(row);
    expect(screensOf(row, printed)).toEqual(screensOf(row, recorded[row.name]!));
  });
});

/** Long sessions: a bit of everything, byte by byte. */
const sessions: Record<string, Row> = {
  less: {
    name: "a long session",
    command: "less -M lines long",
    keys: [
      ..." jjd/gamma\rnNma3G'a?beta\r&iota\r&\r-N\r-S\r",
      "\x1b[C",
      "\x1b[D",
      [50, 10],
      ..." G:nGg=\r",
      ..."hjqq",
    ],
  },
  nano: {
    name: "a long session",
    command: "nano -l lines; head -3 lines",
    keys: [
      ..."one two\r",
      "\x1b[1;2C",
      ..."\x0b\x15\x15",
      ..."\x17gamma\r",
      [50, 10],
      ..."\x1cline\rrow\ryna",
      "\x1bU",
      "\x1bE",
      ..."\x0a\x03\x16\x19",
      "\x1b[200~pasted\ntext\x1b[201~",
      ..."\x0f\r\x07\x16\x18\x18",
    ],
  },
};

describe("a loss of memory behind every key", () => {
  it.for(programs.map(({ program }) => program))("changes no byte of %s", (program) => {
    const row = sessions[program]!;
    const stage = stageOf(program);
    const plain = stage.play(row);
    expect(plain.at(-1)).toContain("exit 0");
    expect(stage.play(row, true)).toEqual(plain);
  });
});

/** What a terminal of 60 columns and 12 rows shows after some keys. */
function shown(stage: Stage, command: string, ...keys: string[]): string {
  const row: Row = { name: "", command, keys };
  return screensOf(row, stage.play(row)).at(-1)!;
}

describe("less", () => {
  const stage = (): Stage => stageOf("less");

  it("passes its input on where its output is no terminal", () => {
    const screen = shown(stage(), "less short absent 2>said | cat; cat said short | less | cat");
    expect(screen).toContain(
      "one\ntwo\nthree\nabsent: No such file or directory\none\ntwo\nthree\nexit 0",
    );
  });

  it("says what it does not know, and lists its keys", () => {
    expect(shown(stage(), "less -6y lines")).not.toContain("option");
    expect(shown(stage(), "less --bogus lines")).toContain("There is no --bogus option");
    expect(shown(stage(), "less short", "h")).toContain(
      "HELP -- Press RETURN for more, or q when done",
    );
    expect(shown(stage(), "less")).toContain('Missing filename ("less --help" for help)');
  });

  it("keeps a bounded part of what a pipe brings", () => {
    const command = "seq 1 60000 > large; cat large | less -n";
    expect(shown(stage(), command, "G")).toContain("Input is longer than the 256 KB");
    expect(shown(stage(), command, "G", "\r", "=")).toContain("byte 262144/262144 (END)");
  });

  it("shows what comes while it follows, and the terminal is the user's own again", () => {
    const row: Row = {
      name: "",
      command: "(sleep 3; echo added >> short) & less short; stty | grep -c icanon",
      keys: ["F", ...Array.from({ length: 15 }, () => ""), "\x03", "q"],
    };
    const screens = screensOf(row, stage().play(row));
    expect(screens[2]).not.toContain("added");
    expect(screens.at(-3)).toContain("added");
    expect(screens.at(-1)).toContain("0\nexit 1");
  });

  it("takes patterns that would run for ever elsewhere, in linear time", () => {
    const command = "head -c 20000 /dev/zero | tr '\\0' a > many; less many";
    expect(shown(stage(), command, "/(a+)+(a+)+$b\r")).toContain("Pattern not found");
  });
});

describe("nano", () => {
  const stage = (): Stage => stageOf("nano");

  it("refuses a file that is larger than it holds, with a word", () => {
    const command = "seq 1 60000 > large; nano large";
    expect(shown(stage(), command)).toContain("too large: this sandbox edits 256 KB");
  });

  it("needs a terminal", () => {
    expect(shown(stage(), "echo x | nano short")).toContain("Standard input is not a terminal");
    expect(shown(stage(), "nano short | cat")).toContain("Standard output is not a terminal");
  });

  it("takes a large paste in bounds", () => {
    const text = "0123456789abcdef\n".repeat(3_500);
    const row: Row = {
      name: "",
      command: "nano new; wc -c new",
      keys: [`\x1b[200~${text}\x1b[201~`, "\x0f\r", "\x18"],
    };
    expect(screensOf(row, stage().play(row)).at(-1)).toContain("59500 new\nexit 0");
  });

  it("reads nanorc files", () => {
    const command = "echo 'set tabsize 3' >> .nanorc; nano -E short";
    expect(shown(stage(), command, "\t")).toContain("\n   one\n");
  });
});
