/** `set` and its options. */
import type { Shell } from "./shell.ts";
import { quoted } from "./variable-builtins.ts";

const optionNames: Record<string, string> = {
  errexit: "e",
  noglob: "f",
  ignoreeof: "I",
  monitor: "m",
  noexec: "n",
  xtrace: "x",
  verbose: "v",
  noclobber: "C",
  allexport: "a",
  notify: "b",
  nounset: "u",
  pipefail: "P",
  vi: "V",
};

/** `set -e +x -o name`; returns the rest, or undefined after a complaint. */
export function setOptions(shell: Shell, words: readonly string[]): string[] | undefined {
  const { state } = shell;
  const put = (letter: string, on: boolean): void => {
    state.o = state.o.replace(letter, "") + (on ? letter : "");
  };
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i]!;
    if (word === "--") return words.slice(i + 1);
    if (word === "-" || !/^[-+]./.test(word)) break;
    const on = word[0] === "-";
    for (const letter of word.slice(1)) {
      if (letter === "o") {
        const name = words[++i];
        if (name === undefined) {
          listOptions(shell, on);
          continue;
        }
        const known = optionNames[name];
        if (!known) {
          shell.complain(`illegal option ${word[0]}o ${name}`);
          return undefined;
        }
        put(known, on);
      } else if (Object.values(optionNames).includes(letter) && !"PIV".includes(letter))
        put(letter, on);
      else if (letter !== "h") {
        shell.complain(`illegal option ${word[0]}${letter}`);
        return undefined;
      }
    }
  }
  return words.slice(i);
}

function listOptions(shell: Shell, pretty: boolean): void {
  if (pretty) shell.write(1, "Current option settings\n");
  for (const [name, letter] of Object.entries(optionNames)) {
    const on = shell.option(letter);
    shell.write(
      1,
      pretty ? `${name.padEnd(16)}${on ? "on" : "off"}\n` : `set ${on ? "-" : "+"}o ${name}\n`,
    );
  }
}

export function set(shell: Shell, argv: string[]): number | undefined {
  const words = argv.slice(1);
  if (words.length === 0) {
    for (const [name, value] of shell.variables()) shell.write(1, `${name}=${quoted(value)}\n`);
    return 0;
  }
  const rest = setOptions(shell, words);
  if (!rest) {
    shell.abort(undefined, 2);
    return undefined;
  }
  if (rest.length > 0 || words.includes("--")) shell.state.p = rest;
  return 0;
}
