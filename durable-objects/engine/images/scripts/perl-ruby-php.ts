/** perl, ruby and php: one-liners, as `perl -e` has them. */
import { Errno } from "../../runtime/errno.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import type { Step } from "../../runtime/kernel/calls.ts";
import { languageVersion, prompt } from "../languages.ts";
import { runScript, takeScript, type ScriptState, scriptNames } from "./interpreter.ts";

type Language = "perl" | "ruby" | "php";

const banner = (language: Language, version: string): string => {
  if (language === "perl") {
    const [major, minor] = version.split(".");
    return `\nThis is perl ${major}, version ${minor}, subversion ${version.split(".")[2] ?? "0"} (v${version}) built for x86_64-linux-gnu\n\n`;
  }
  if (language === "ruby") return `ruby ${version} (2025-10-07 revision 0) +PRISM [x86_64-linux]\n`;
  return `PHP ${version} (cli) (built: Jan 15 2026 00:00:00) (NTS)\nCopyright (c) The PHP Group\n`;
};

/** The text of a program and the words behind it. */
interface Line {
  source?: string;
  file?: string;
  rest: string[];
  lines?: true;
  version?: true;
}

function read(language: Language, words: readonly string[]): Line {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "-v" || word === "--version") return { version: true, rest: [] };
    if (language === "php" && word === "-r")
      return { source: words[i + 1] ?? "", rest: words.slice(i + 2) };
    const letters = language === "php" ? null : /^-(\w*)e$/i.exec(word);
    if (letters && !/^[MIm]/.test(letters[1] ?? "")) {
      const lines = letters[1]?.includes("l");
      return {
        source: words[i + 1] ?? "",
        rest: words.slice(i + 2),
        ...(lines ? { lines: true as const } : {}),
      };
    }
    if (!word.startsWith("-")) return { file: word, rest: words.slice(i + 1) };
  }
  return { rest: [] };
}

const interpreter = (language: Language): Program<ScriptState> => ({
  name: language,
  storedNames: scriptNames,
  start(sys: Sys) {
    const { source, file, rest, lines, version } = read(language, sys.argv.slice(1));
    if (version) {
      sys.write(1, banner(language, languageVersion(sys, language)));
      return { exitCode: 0 };
    }
    const taken = (text: string): ScriptState => ({
      ...takeScript(sys, language, text),
      ...(rest.length ? { words: rest } : {}),
      ...(lines ? { lineEnds: true as const } : {}),
    });
    if (source !== undefined) return taken(source);
    if (file === undefined)
      return prompt(sys, language, language === "php" ? "-r 'echo 1;'" : "-e 'print 1'");
    try {
      return taken(
        sys
          .readFile(file)
          .replace(/^#![^\n]*\n/, "")
          .replace(/^<\?php/, ""),
      );
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(
        language === "perl"
          ? `Can't open perl script "${file}": ${error.message}\n`
          : language === "php"
            ? `Could not open input file: ${file}\n`
            : `ruby: ${error.message} -- ${file} (LoadError)\n`,
      );
      return { exitCode: language === "perl" ? 2 : 1 };
    }
  },
  step: (sys, state): Step =>
    state.exitCode === undefined ? runScript(sys, state, language) : { exit: state.exitCode },
  memoryBytes: () => 8_000_000,
});

export const scriptLanguages: Program[] = [
  interpreter("perl"),
  interpreter("ruby"),
  interpreter("php"),
];
