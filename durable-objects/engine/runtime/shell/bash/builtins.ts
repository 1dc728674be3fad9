/** Builtins that bash alone has, and those that it has in its own way. */
import type { Builtin } from "../builtin.ts";
import { bg, disown, jobs, suspend } from "../jobs/builtins.ts";
import { exported, readOnly } from "../state.ts";
import type { Shell } from "../shell.ts";
import { formatPrintf } from "../../tools/arguments/printf.ts";
import { formatDate } from "../../tools/system/date.ts";
import { bashBuiltins, bashUsages } from "./builtin-names-data.ts";
import { compgen, complete, compopt } from "./completion.ts";
import { declare, local, marking, unset } from "./declare.ts";
import { dirs, popd, pushd } from "./directories.ts";
import { history, fc } from "./history.ts";
import { mapfile } from "./map-lines.ts";
import { hash, type } from "./naming.ts";
import { backslashed } from "./quote.ts";
import { shopt } from "./shell-options.ts";
import { usage, usageAlone } from "./usage.ts";
import { calls } from "./worked.ts";

const caller: Builtin = (shell, argv) => {
  const all = calls(shell.state);
  if (all.length === 0) return 1;
  const [, word] = argv;
  const place = word === undefined ? 0 : Number(word);
  if (!Number.isInteger(place) || place < 0) {
    shell.complain(`${word}: invalid number`);
    return usageAlone(shell);
  }
  const call = all[place];
  const { script } = shell.state;
  if (!call) return 1;
  const above = all[place + 1];
  const source = above?.[2] ?? script ?? "NULL";
  if (word === undefined) shell.write(1, `${call[1]} ${source}\n`);
  else if (!above && script === undefined) return 1;
  else shell.write(1, `${call[1]} ${above?.[0] ?? "main"} ${source}\n`);
  return 0;
};

const enable: Builtin = (shell, argv) => {
  const { state } = shell;
  let letters = "";
  let i = 1;
  for (; i < argv.length && /^-./.test(argv[i]!); i++) {
    const bad = /[^adnpsf]/.exec(argv[i]!.slice(1))?.[0];
    if (bad) return usage(shell, `-${bad}`);
    letters += argv[i]!.slice(1);
  }
  const off = letters.includes("n");
  const names = argv.slice(i);
  if (names.length === 0 || letters.includes("p")) {
    for (const name of [...bashBuiltins].sort()) {
      const disabled = state.disabledBuiltins?.includes(name) === true;
      if (letters.includes("a") || disabled === off)
        shell.write(1, `enable ${disabled ? "-n " : ""}${name}\n`);
    }
    return 0;
  }
  let status = 0;
  for (const name of names) {
    if (!bashBuiltins.has(name)) {
      shell.complain(`${name}: not a shell builtin`);
      status = 1;
      continue;
    }
    const others = (state.disabledBuiltins ?? []).filter((known) => known !== name);
    state.disabledBuiltins = off ? [...others, name] : others;
  }
  return status;
};

/** `printf`, with -v, `%q` and `%(...)T`. */
const printf: Builtin = (shell, argv) => {
  let words = argv.slice(1);
  let name: string | undefined;
  if (/^-v./.test(words[0] ?? "")) {
    name = words[0]!.slice(2);
    words = words.slice(1);
  } else if (words[0] === "-v") {
    name = words[1];
    words = words.slice(2);
    if (name === undefined) {
      shell.complain("-v: option requires an argument");
      return usageAlone(shell);
    }
  }
  if (name !== undefined && !/^[A-Za-z_]\w*(\[[^]+\])?$/.test(name)) {
    shell.complain(`\`${name}': not a valid identifier`);
    return 2;
  }
  if (words[0] === "--") words = words.slice(1);
  else if (/^-[a-zA-Z]/.test(words[0] ?? "")) return usage(shell, words[0]!.slice(0, 2));
  if (words.length === 0) return usageAlone(shell);
  const { now } = shell.sys;
  const started = shell.state.secondsFromMs ?? now;
  const { out, errors, status } = formatPrintf(words, {
    quote: backslashed,
    time: (format, seconds) =>
      formatDate(
        format === "" ? "%H:%M:%S" : format,
        seconds === -1 ? now : seconds === -2 ? started : seconds * 1000,
      ),
  });
  for (const error of errors) shell.complain(error);
  if (name === undefined) shell.write(1, out);
  else shell.assign(name, out.split("\0", 1)[0] ?? "");
  return status;
};

const help: Builtin = (shell, argv) => {
  const names = argv.slice(1).filter((word) => !/^-[dms]+$/.test(word));
  let status = 0;
  for (const name of names) {
    if (bashBuiltins.has(name)) shell.write(1, `${name}: ${bashUsages[name]}\n`);
    else {
      shell.complain(
        `no help topics match \`${name}'.  Try \`help help' or \`man -k ${name}' or \`info ${name}'.`,
      );
      status = 1;
    }
  }
  if (names.length === 0)
    shell.write(
      1,
      [...bashBuiltins]
        .sort()
        .map((name) => ` ${bashUsages[name]}\n`)
        .join(""),
    );
  return status;
};

const bind: Builtin = (shell) => {
  if (!shell.state.interactive) shell.complain("warning: line editing not enabled");
  return 0;
};

const letTest = (shell: Shell, argv: string[]): number => {
  if (argv.length === 1) {
    shell.complain("expression expected");
    return 1;
  }
  let value = 0n;
  for (const word of argv.slice(1)) value = shell.evaluate(word);
  return value === 0n ? 1 : 0;
};

export const bashOwn: Record<string, Builtin> = {
  bg,
  bind,
  caller,
  compgen,
  complete,
  compopt,
  declare,
  dirs,
  disown,
  enable,
  export: marking(exported),
  fc,
  hash,
  help,
  history,
  jobs,
  let: letTest,
  local,
  mapfile,
  popd,
  printf,
  pushd,
  readarray: mapfile,
  readonly: marking(readOnly),
  shopt,
  suspend,
  type,
  typeset: declare,
  unset,
};
