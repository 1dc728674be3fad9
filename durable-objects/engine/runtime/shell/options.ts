/** `set` and its options. */
import { bashOptionNames, optionNames } from "./option-letters.ts";
import { functionNames, functionText } from "./bash/function-text.ts";
import { usage } from "./bash/usage.ts";
import type { Shell } from "./shell.ts";
import { quoted } from "./variable-builtins.ts";

/** `set -e +x -o name`; returns the rest, or a status after a complaint. */
export function setOptions(shell: Shell, words: readonly string[]): string[] | number {
  const { state } = shell;
  const put = (letter: string, on: boolean): void => {
    state.options = state.options.replace(letter, "") + (on ? letter : "");
  };
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i]!;
    if (word === "--") return words.slice(i + 1);
    if (word === "-") {
      put("x", false);
      put("v", false);
      return words.slice(i + 1);
    }
    if (!/^[-+]./.test(word)) break;
    const on = word[0] === "-";
    for (const letter of word.slice(1)) {
      if (letter === "o") {
        const name = words[++i];
        if (name === undefined) {
          listOptions(shell, on);
          continue;
        }
        const names = shell.bash ? bashOptionNames : optionNames;
        const there =
          Object.hasOwn(names, name) && !(shell.state.flavour === "dash" && name === "pipefail");
        const known = there ? names[name] : "";
        if (!known) {
          shell.complain(`illegal option ${word[0]}o ${name}`);
          return shell.state.flavour ? 2 : 1;
        }
        put(known, on);
      } else if (shell.bash && "abefhkmnptuvxBCEHPT".includes(letter))
        put(letter === "P" ? "Y" : letter, on);
      else if (shell.bash) return usage(shell, `${word[0]}${letter}`);
      else if (Object.values(optionNames).includes(letter) && !"PIV".includes(letter))
        put(letter, on);
      else if (letter !== "h") {
        shell.complain(`illegal option ${word[0]}${letter}`);
        return 2;
      }
    }
  }
  return words.slice(i);
}

function listOptions(shell: Shell, pretty: boolean): void {
  for (const [name, letter] of Object.entries(shell.bash ? bashOptionNames : optionNames)) {
    const on = shell.option(letter);
    if (shell.bash && pretty) {
      shell.write(1, `${name.padEnd(15)}\t${on ? "on" : "off"}\n`);
      continue;
    }
    shell.write(
      1,
      pretty ? `${name.padEnd(16)}${on ? "on" : "off"}\n` : `set ${on ? "-" : "+"}o ${name}\n`,
    );
  }
}

export function set(shell: Shell, argv: string[]): number | undefined {
  const words = argv.slice(1);
  if (words.length === 0 && shell.bash) {
    for (const line of shell.listing()) shell.write(1, line);
    for (const name of functionNames(shell)) shell.write(1, functionText(shell, name));
    return 0;
  }
  if (words.length === 0) {
    for (const [name, value] of shell.variables()) shell.write(1, `${name}=${quoted(value)}\n`);
    return 0;
  }
  const rest = setOptions(shell, words);
  // A name that is none only fails; a letter ends the shell.
  if (rest === 1) return 1;
  if (typeof rest === "number" && shell.bash) return rest;
  if (typeof rest === "number") {
    shell.abort(undefined, rest);
    return undefined;
  }
  if (rest.length > 0 || words.includes("--")) shell.state.parameters = rest;
  return 0;
}
