/** Builtins about signals and jobs. */
import { Errno } from "../errno.ts";
import { parseSignal, signalNames } from "../kernel/signals.ts";
import { findJob, startWait } from "./blocking.ts";
import { jobLine, reap } from "./jobs.ts";
import type { Shell } from "./shell.ts";
import { quoted } from "./variable-builtins.ts";

export function trap(shell: Shell, argv: string[]): number {
  const { state, sys } = shell;
  let words = argv.slice(1);
  if (words[0] === "--") words = words.slice(1);
  if (words.length === 0 || words[0] === "-p") {
    for (const name of Object.keys(state.tr))
      shell.write(
        1,
        `trap -- ${quoted(state.tr[name]!)} ${name === "EXIT" ? name : `SIG${signalNames[Number(name)]}`.replace(/^SIG/, "")}\n`,
      );
    return 0;
  }
  if (words[0] === "-l") {
    for (let number = 1; number <= 31; number++)
      shell.write(1, `${String(number).padStart(2)}) ${signalNames[number]}\n`);
    return 0;
  }
  // A number first (or nothing else) means: back to the default.
  const reset = words.length === 1 || words[0] === "-" || /^\d+$/.test(words[0]!);
  const action = reset ? undefined : words[0];
  let status = 0;
  for (const word of (words[0] === "-" && words.length > 1) || !reset ? words.slice(1) : words) {
    const number = parseSignal(word);
    if (number === undefined) {
      if (shell.state.fl === "dash") shell.write(2, `trap: ${word}: bad trap\n`);
      else shell.complain(`${word}: invalid signal specification`);
      status = 1;
      continue;
    }
    const key = number === 0 ? "EXIT" : String(number);
    if (action === undefined) delete state.tr[key];
    else state.tr[key] = action;
    if (number === 0) continue;
    const ignored = (sys.process.ignoredSignals ?? []).filter((known) => known !== number);
    if (action === "") ignored.push(number);
    if (ignored.length) sys.process.ignoredSignals = ignored;
    else delete sys.process.ignoredSignals;
  }
  return status;
}

export function kill(shell: Shell, argv: string[]): number {
  const { sys } = shell;
  let words = argv.slice(1);
  let signal = 15;
  if (words[0] === "-l") {
    if (words.length === 1)
      for (let number = 1; number <= 31; number++)
        shell.write(1, `${String(number).padStart(2)}) ${signalNames[number]}\n`);
    for (const word of words.slice(1)) {
      const number = /^\d+$/.test(word) ? Number(word) & 127 : parseSignal(word);
      shell.write(1, `${/^\d+$/.test(word) ? signalNames[number ?? 0] : number}\n`);
    }
    return 0;
  }
  const option =
    words[0] === "-s" ? words[1] : /^-\w/.test(words[0] ?? "") ? words[0]!.slice(1) : undefined;
  if (option !== undefined) {
    const number = parseSignal(option);
    if (number === undefined) {
      shell.say(`bad signal name '${option}'`);
      return 1;
    }
    signal = number;
    words = words.slice(words[0] === "-s" ? 2 : 1);
  }
  if (words[0] === "--") words = words.slice(1);
  if (words.length === 0) {
    shell.say("you need to specify whom to kill");
    return 1;
  }
  let failed = 0;
  for (const word of words) {
    const job = word.startsWith("%") ? findJob(shell, word) : undefined;
    if (!job && !/^-?\d+$/.test(word)) {
      shell.say(`invalid number '${word}'`);
      failed++;
      continue;
    }
    for (const pid of job ? job.p : [Number(word)]) {
      try {
        sys.kill(pid, signal);
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        shell.say(`can't kill pid ${pid}: ${error.message}`);
        failed++;
      }
    }
  }
  return failed ? 1 : 0;
}

export function jobs(shell: Shell, argv: string[]): number {
  reap(shell, () => false);
  for (const job of shell.state.j) {
    if (argv[1] === "-p") shell.write(1, `${job.p.join(" ")}\n`);
    else shell.write(1, `${jobLine(shell, job)}\n`);
    if (job.x !== undefined) job.told = 1;
  }
  shell.state.j = shell.state.j.filter((job) => !job.told);
  return 0;
}

export function foreground(shell: Shell, argv: string[]): number | undefined {
  const job = findJob(shell, argv[1] ?? "%%");
  if (!job) {
    shell.complain(argv[1] ? `${argv[1]}: no such job` : "no current job");
    return shell.state.fl === "bash" ? 1 : 2;
  }
  shell.write(1, `${job.t}\n`);
  job.told = 1;
  return startWait(shell, ["wait", String(job.p.at(-1))], false);
}

// Looking commands up
