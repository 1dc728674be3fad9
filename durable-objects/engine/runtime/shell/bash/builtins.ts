/** Builtins that bash alone has, and those that it has in its own way. */
import type { Builtin } from "../builtin.ts";
import { findJob } from "../blocking.ts";
import { jobLine, reap } from "../jobs.ts";
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

const disown: Builtin = (shell, argv) => {
  const { state } = shell;
  const letters = argv
    .slice(1)
    .filter((word) => /^-[ahr]+$/.test(word))
    .join("");
  const names = argv.slice(1).filter((word) => !/^-[ahr]+$/.test(word));
  if (names.length === 0 && /[ar]/.test(letters)) {
    state.jobs = [];
    return 0;
  }
  let status = 0;
  for (const name of names.length ? names : ["%%"]) {
    const job = findJob(shell, name);
    if (!job) {
      shell.complain(`${name === "%%" ? "current" : name}: no such job`);
      status = 1;
    } else if (!letters.includes("h")) state.jobs = state.jobs.filter((known) => known !== job);
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

/** Says that a builtin needs jobs to be controlled, which scripts do not. */
const noJobs =
  (text: string): Builtin =>
  (shell) => {
    shell.complain(text);
    return 1;
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

/** Those that still run; whoever types is told once of those that have ended, too. */
const jobs: Builtin = (shell, argv) => {
  const { state } = shell;
  reap(shell, () => false);
  let letters = "";
  let i = 1;
  for (; i < argv.length && /^-./.test(argv[i]!); i++) {
    const bad = /[^lnprsx]/.exec(argv[i]!.slice(1))?.[0];
    if (bad) return usage(shell, `-${bad}`);
    letters += argv[i]!.slice(1);
  }
  if (letters.includes("s")) return 0;
  const names = argv.slice(i);
  let status = 0;
  const asked = names.length
    ? names.map((name) => [name, findJob(shell, name)] as const)
    : state.jobs.map((job) => ["", job] as const);
  for (const [name, job] of asked) {
    if (!job) {
      shell.complain(`${name}: no such job`);
      status = 1;
      continue;
    }
    const running = job.status === undefined;
    if (!running && (letters.includes("r") || !state.interactive)) continue;
    if (letters.includes("p")) shell.write(1, `${job.pids[0]}\n`);
    else shell.write(1, `${jobLine(shell, job, letters.includes("l"))}\n`);
    if (!running) job.told = 1;
  }
  state.jobs = state.jobs.filter((job) => !job.told);
  return status;
};

const bg: Builtin = (shell) => {
  if (shell.state.interactive) return 0;
  shell.complain("no job control");
  return 1;
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
  suspend: noJobs("cannot suspend: no job control"),
  type,
  typeset: declare,
  unset,
};
