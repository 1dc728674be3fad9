/** jobs, fg, bg, disown, suspend. */
import type { Builtin } from "../builtin.ts";
import { isLogin } from "../dialects.ts";
import { bringForward } from "./control.ts";
import { dropJobs, elsewhere, isRunning, isStopped, jobLine, makeCurrent, runs } from "./table.ts";
import { jobNamed, jobOrPid, noSuchJob } from "./names.ts";
import { reap } from "./children.ts";
import { addChunk } from "../state.ts";
import type { Job } from "./job.ts";
import { usage } from "../bash/usage.ts";
import { singleQuoted } from "../bash/quote.ts";
import type { Shell } from "../shell.ts";

/** Letters of options, and the words behind them; a status after a complaint. */
function options(
  shell: Shell,
  argv: readonly string[],
  known: string,
): { letters: string; names: string[] } | number {
  let letters = "";
  let i = 1;
  for (; i < argv.length && /^-./.test(argv[i]!) && argv[i] !== "--"; i++) {
    for (const letter of argv[i]!.slice(1)) {
      if (!known.includes(letter)) {
        if (shell.bash) return usage(shell, `-${letter}`);
        shell.complain(`illegal option -${letter}`);
        return 2;
      }
      letters += letter;
    }
  }
  return { letters, names: argv.slice(argv[i] === "--" ? i + 1 : i) };
}

/** A builtin that stops at a complaint. */
function listed(shell: Shell, job: Job, letters: string): void {
  const { state } = shell;
  const isOver = job.status !== undefined;
  const asked =
    (!letters.includes("r") || isRunning(job)) &&
    (!letters.includes("s") || isStopped(job)) &&
    (!letters.includes("n") || !job.notified);
  // Whoever types is told once of those that have ended, too.
  if (!asked || (isOver && shell.bash && !state.interactive)) return;
  if (letters.includes("p")) shell.write(1, `${job.pids[0]}\n`);
  else shell.write(1, `${jobLine(shell, job, letters.includes("l"))}\n`);
  if (isOver) job.told = 1;
  else job.notified = true;
}

export const jobs: Builtin = (shell, argv, tested) => {
  const { state } = shell;
  reap(shell);
  const asked = options(shell, argv, shell.bash ? "lnprsx" : "lp");
  if (typeof asked === "number") return asked;
  const { letters, names } = asked;
  if (letters.includes("x")) return insteadOfJobs(shell, names, tested);
  let status = 0;
  if (names.length === 0) for (const job of state.jobs) listed(shell, job, letters);
  for (const name of names) {
    const job = jobNamed(shell, name);
    if (job) listed(shell, job, letters);
    else status = noSuchJob(shell, name);
  }
  dropJobs(shell, (job) => job.told === 1);
  return status;
};

/** `jobs -x`: a command with process groups in the place of jobs. */
function insteadOfJobs(shell: Shell, words: readonly string[], tested: boolean): undefined {
  const named = words.map((word) => {
    const job = word.startsWith("%") ? jobNamed(shell, word) : undefined;
    return singleQuoted(job ? String(job.pids[0]) : word);
  });
  const chunk = addChunk(shell.state, named.join(" "));
  shell.push({
    kind: "src",
    chunk,
    offset: 0,
    mode: "eval",
    ...(tested ? { tested: 1 as const } : {}),
  });
}

const withoutControl = (shell: Shell): number => {
  shell.complain("no job control");
  return 1;
};

/** A job that can go on, or a complaint. */
function livingJob(shell: Shell, name: string): Job | undefined {
  reap(shell);
  const job = jobNamed(shell, name);
  if (!job) noSuchJob(shell, name);
  else if (job.group === undefined)
    shell.complain(
      shell.bash
        ? `job ${job.number} started without job control`
        : `job ${name} not created under job control`,
    );
  else if (job.status !== undefined) shell.complain("job has terminated");
  else return job;
  return undefined;
}

export const fg: Builtin = (shell, argv, tested) => {
  if (!shell.controlsJobs && shell.bash) return withoutControl(shell);
  const asked = options(shell, argv, "");
  if (typeof asked === "number") return asked;
  const job = livingJob(shell, asked.names[0] ?? "");
  if (!job) return shell.bash ? 1 : 2;
  const away = shell.bash ? elsewhere(shell, job) : undefined;
  shell.write(1, `${job.text}${away === undefined ? "" : `\t(wd: ${away})`}\n`);
  goOnInForeground(shell, job, tested);
  return undefined;
};

function goOnInForeground(shell: Shell, job: Job, tested: boolean): void {
  const group = job.group!;
  const stopped = isStopped(job);
  job.foreground = true;
  if (stopped) runs(shell, job);
  makeCurrent(shell, job);
  const last = job.pids.at(-1)!;
  const ended = job.ended ?? {};
  const statuses = Object.fromEntries(
    Object.entries(ended).map(([pid, [status]]) => [pid, status]),
  );
  shell.push({
    kind: "wait",
    pids: job.pids.filter((pid) => !ended[pid]),
    lastPid: last,
    job: job.number,
    ...(statuses[last] === undefined ? {} : { status: statuses[last] }),
    ...(shell.bash && job.pids.length > 1 ? { order: job.pids, statuses } : {}),
    ...bringForward(shell, group),
    ...(tested ? { tested: 1 as const } : {}),
  });
  if (stopped) shell.sys.kill(-group, 18);
}

export const bg: Builtin = (shell, argv) => {
  if (!shell.controlsJobs && shell.bash) return withoutControl(shell);
  const asked = options(shell, argv, "");
  if (typeof asked === "number") return asked;
  let status = 0;
  for (const name of asked.names.length ? asked.names : [""]) {
    const job = livingJob(shell, name);
    if (!job) status = shell.bash ? 1 : 2;
    else if (isRunning(job) && shell.bash)
      shell.complain(`job ${job.number} already in background`);
    else {
      const away = shell.bash ? elsewhere(shell, job) : undefined;
      const sign = jobLine(shell, job).charAt(`[${job.number}]`.length);
      const end = away === undefined ? "" : `\t(wd: ${away})`;
      shell.write(
        1,
        shell.bash
          ? `[${job.number}]${sign} ${job.text} &${end}\n`
          : `[${job.number}] ${job.text}\n`,
      );
      runs(shell, job);
      job.notified = true;
      shell.state.lastBackgroundPid = job.pids.at(-1)!;
      shell.sys.kill(-job.group!, 18);
    }
  }
  return status;
};

export const disown: Builtin = (shell, argv) => {
  const asked = options(shell, argv, "ahr");
  if (typeof asked === "number") return asked;
  const { letters, names } = asked;
  reap(shell);
  const { state } = shell;
  let status = 0;
  const goes: Job[] = [];
  if (names.length === 0 && /[ar]/.test(letters))
    goes.push(...state.jobs.filter((job) => !letters.includes("r") || isRunning(job)));
  else
    for (const name of names.length ? names : [""]) {
      const job = /^\d+$/.test(name) ? jobOrPid(shell, name) : jobNamed(shell, name);
      if (job) goes.push(job);
      else status = noSuchJob(shell, name);
    }
  if (letters.includes("h")) return status;
  for (const job of goes) {
    if (!isStopped(job)) continue;
    shell.command = undefined;
    shell.complain(`warning: deleting stopped job ${job.number} with process group ${job.group}`);
  }
  dropJobs(shell, (job) => goes.includes(job));
  return status;
};

export const suspend: Builtin = (shell, argv) => {
  const asked = options(shell, argv, "f");
  if (typeof asked === "number") return asked;
  if (!shell.controlsJobs) {
    shell.complain("cannot suspend: no job control");
    return 1;
  }
  // Nobody could send the first shell of a terminal on.
  if ((isLogin(shell) && !asked.letters.includes("f")) || shell.sys.process.parent === 0) {
    shell.complain("cannot suspend a login shell");
    return 1;
  }
  shell.sys.kill(0, 19);
  return 0;
};

/** `%1` is `fg %1`, and `%1 &` is `bg %1`. */
export const resume: Builtin = (shell, argv, tested) => {
  shell.command = "fg";
  return fg(shell, ["fg", argv[0]!], tested);
};
