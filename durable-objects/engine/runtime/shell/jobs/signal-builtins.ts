/** Builtins about signals and jobs. */
import { Errno } from "../../errno.ts";
import { parseSignal, signalNames } from "../../kernel/signals.ts";
import { signalJob } from "./control.ts";
import { reap } from "./children.ts";
import { jobNamed, noSuchJob } from "./names.ts";
import { singleQuoted } from "../bash/quote.ts";
import { usage, usageAlone } from "../bash/usage.ts";
import type { Shell } from "../shell.ts";
import { quoted } from "../variable-builtins.ts";

/** ERR, DEBUG, RETURN; false: it is none of them. */
function trapOwn(shell: Shell, word: string, action: string | undefined): boolean {
  const name = word.toUpperCase().replace(/^SIG/, "");
  if (name !== "ERR" && name !== "DEBUG" && name !== "RETURN") return false;
  const { state } = shell;
  if (action === undefined) delete state.traps[name];
  else state.traps[name] = action;
  const call = state.frames.findLast((frame) => frame.kind === "call" && frame.name !== undefined);
  if (name === "RETURN" && call?.kind === "call" && action) call.returnTrap = 1;
  return true;
}

/** Where bash lists a trap: EXIT, the signals by number, then its own. */
const placeOfTrap = (name: string): number =>
  name === "EXIT"
    ? 0
    : /^\d/.test(name)
      ? Number(name)
      : 100 + ["DEBUG", "ERR", "RETURN"].indexOf(name);

function showTraps(shell: Shell, names: readonly string[]): number {
  const { traps } = shell.state;
  const shown = (key: string): string => (/^\d/.test(key) ? `SIG${signalNames[Number(key)]}` : key);
  const asked = names.map((name) => name.toUpperCase().replace(/^SIG/, ""));
  for (const key of Object.keys(traps).sort((a, b) => placeOfTrap(a) - placeOfTrap(b)))
    if (asked.length === 0 || asked.includes(shown(key).replace(/^SIG/, "")) || asked.includes(key))
      shell.write(1, `trap -- ${singleQuoted(traps[key]!)} ${shown(key)}\n`);
  return 0;
}

/** Signals in five columns, as bash lists them. */
function bashSignals(): string {
  const names: [number, string][] = [];
  for (let number = 1; number <= 31; number++) names.push([number, `SIG${signalNames[number]}`]);
  for (let i = 0; i <= 15; i++) names.push([34 + i, i === 0 ? "SIGRTMIN" : `SIGRTMIN+${i}`]);
  for (let i = 14; i >= 0; i--) names.push([64 - i, i === 0 ? "SIGRTMAX" : `SIGRTMAX-${i}`]);
  return names
    .map(
      ([number, name], i) =>
        `${String(number).padStart(2)}) ${name}${(i + 1) % 5 === 0 || i === names.length - 1 ? "\n" : "\t"}`,
    )
    .join("");
}

export function trap(shell: Shell, argv: string[]): number {
  const { state, sys } = shell;
  let words = argv.slice(1);
  if (words[0] === "--") words = words.slice(1);
  if (shell.bash && /^-[^lp]/.test(words[0] ?? "")) return usage(shell, words[0]!);
  if (shell.bash && (words.length === 0 || words[0] === "-p"))
    return showTraps(shell, words.slice(1));
  if (words.length === 0 || words[0] === "-p") {
    for (const name of Object.keys(state.traps))
      shell.write(
        1,
        `trap -- ${quoted(state.traps[name]!)} ${name === "EXIT" ? name : `SIG${signalNames[Number(name)]}`.replace(/^SIG/, "")}\n`,
      );
    return 0;
  }
  if (words[0] === "-l") {
    if (shell.bash) shell.write(1, bashSignals());
    else
      for (let number = 1; number <= 31; number++)
        shell.write(1, `${String(number).padStart(2)}) ${signalNames[number]}\n`);
    return 0;
  }
  // A number first (or nothing else) means: back to the default.
  const reset = words.length === 1 || words[0] === "-" || /^\d+$/.test(words[0]!);
  const action = reset ? undefined : words[0];
  let status = 0;
  for (const word of (words[0] === "-" && words.length > 1) || !reset ? words.slice(1) : words) {
    if (shell.bash && trapOwn(shell, word, action)) continue;
    const number = parseSignal(word);
    if (number === undefined) {
      if (shell.state.flavour === "dash") shell.write(2, `trap: ${word}: bad trap\n`);
      else shell.complain(`${word}: invalid signal specification`);
      status = 1;
      continue;
    }
    const key = number === 0 ? "EXIT" : String(number);
    if (action === undefined) delete state.traps[key];
    else state.traps[key] = action;
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
  if (words[0] === "-l" || (shell.bash && words[0] === "-L")) {
    if (words.length === 1 && shell.bash) shell.write(1, bashSignals());
    else if (words.length === 1)
      for (let number = 1; number <= 31; number++)
        shell.write(1, `${String(number).padStart(2)}) ${signalNames[number]}\n`);
    for (const word of words.slice(1)) {
      const number = /^\d+$/.test(word) ? Number(word) & 127 : parseSignal(word);
      shell.write(1, `${/^\d+$/.test(word) ? signalNames[number ?? 0] : number}\n`);
    }
    return 0;
  }
  if (shell.bash && words.length === 0) return usageAlone(shell);
  const option =
    words[0] === "-s" || (shell.bash && words[0] === "-n")
      ? words[1]
      : /^-\w/.test(words[0] ?? "")
        ? words[0]!.slice(1)
        : undefined;
  if (option !== undefined) {
    const number = parseSignal(option);
    if (number === undefined) {
      shell.say(
        shell.bash ? `${option}: invalid signal specification` : `bad signal name '${option}'`,
      );
      return 1;
    }
    signal = number;
    words = words.slice(words[0] === "-s" || (shell.bash && words[0] === "-n") ? 2 : 1);
  }
  if (words[0] === "--") words = words.slice(1);
  if (words.length === 0) {
    shell.say("you need to specify whom to kill");
    return 1;
  }
  let failed = 0;
  if (words.some((word) => word.startsWith("%"))) reap(shell);
  for (const word of words) {
    const job = word.startsWith("%") ? jobNamed(shell, word) : undefined;
    if (!job && !/^-?\d+$/.test(word)) {
      if (word.startsWith("%")) noSuchJob(shell, word);
      else if (!shell.bash) shell.say(`invalid number '${word}'`);
      else shell.complain(`${word}: arguments must be process or job IDs`);
      failed++;
      continue;
    }
    try {
      if (job) signalJob(shell, job, signal);
      else sys.kill(Number(word), signal);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      shell.say(`can't kill pid ${job ? (job.group ?? job.pids[0]) : word}: ${error.message}`);
      failed++;
    }
  }
  return failed ? 1 : 0;
}
