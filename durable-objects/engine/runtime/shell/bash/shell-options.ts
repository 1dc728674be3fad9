/** `shopt`, and what options are called. */
import type { Builtin } from "../builtin.ts";
import { bashOptionNames } from "../option-letters.ts";
import type { Shell } from "../shell.ts";
import { shoptNames } from "./shopt-data.ts";

/** Whether an option of `set -o` is on; undefined: there is none of that name. */
export function optionNamed(shell: Shell, name: string): boolean | undefined {
  const letter = Object.hasOwn(bashOptionNames, name) ? bashOptionNames[name] : undefined;
  return letter === undefined ? undefined : shell.option(letter);
}

const known = (name: string): boolean => shoptNames.some(([one]) => one === name);

interface Asked {
  letters: string;
  names: string[];
  bad?: string;
}

function parsed(argv: readonly string[]): Asked {
  let letters = "";
  let i = 1;
  for (; i < argv.length && /^-./.test(argv[i]!) && argv[i] !== "--"; i++) {
    const bad = /[^supqo]/.exec(argv[i]!.slice(1))?.[0];
    if (bad) return { letters, names: [], bad };
    letters += argv[i]!.slice(1);
  }
  return { letters, names: argv.slice(argv[i] === "--" ? i + 1 : i) };
}

export const shopt: Builtin = (shell, argv) => {
  const { letters, names, bad } = parsed(argv);
  if (bad) {
    shell.complain(`-${bad}: invalid option`);
    shell.write(2, "shopt: usage: shopt [-pqsu] [-o] [optname ...]\n");
    return 2;
  }
  const on = letters.includes("s");
  const off = letters.includes("u");
  if (on && off) {
    shell.complain("cannot set and unset shell options simultaneously");
    return 1;
  }
  const all = letters.includes("o")
    ? Object.keys(bashOptionNames)
    : shoptNames.map(([name]) => name);
  const asked = names.length ? names : all;
  const value = (name: string): boolean | undefined =>
    letters.includes("o") ? optionNamed(shell, name) : known(name) ? shell.shopt(name) : undefined;
  let status = 0;
  for (const name of asked) {
    const now = value(name);
    if (now === undefined) {
      shell.complain(`${name}: invalid ${letters.includes("o") ? "" : "shell "}option name`);
      status = 1;
    } else if ((on || off) && names.length) put(shell, name, on, letters.includes("o"));
    else if (on || off) {
      if (now === on) show(shell, name, now, letters);
    } else {
      if (!now && names.length) status = 1;
      if (!letters.includes("q")) show(shell, name, now, letters);
    }
  }
  return status;
};

function put(shell: Shell, name: string, on: boolean, set: boolean): void {
  const { state } = shell;
  if (!set) {
    state.shopts = { ...state.shopts, [name]: on };
    return;
  }
  const letter = bashOptionNames[name]!;
  state.options = state.options.replace(letter, "") + (on ? letter : "");
}

function show(shell: Shell, name: string, on: boolean, letters: string): void {
  const set = letters.includes("o");
  const again = set ? `set ${on ? "-" : "+"}o ${name}` : `shopt ${on ? "-s" : "-u"} ${name}`;
  const word = on ? "on" : "off";
  shell.write(1, `${letters.includes("p") ? again : `${name.padEnd(15)}\t${word}`}\n`);
}
