/** What `%1` and its like name. bash: general.c, jobs.c get_job_spec */
import type { Shell } from "../shell.ts";
import type { Job } from "./job.ts";

const problemOf = (name: string): string => name.replace(/^%\??/, "");

function named(shell: Shell, name: string): Job | "ambiguous" | undefined {
  const { state } = shell;
  // A bash that runs a script forgets jobs by number as they end.
  const gone = shell.bash && !state.interactive && name.startsWith("%");
  const j = gone ? state.jobs.filter((job) => job.status === undefined) : state.jobs;
  const numbered = (number: number | undefined): Job | undefined =>
    j.find((job) => job.number === number);
  const text = name.startsWith("%") ? name.slice(1) : name;
  if (text === "" || text === "%" || text === "+") return numbered(state.currentJob) ?? j.at(-1);
  if (text === "-") return numbered(state.previousJob) ?? j.at(-2);
  if (/^\d+$/.test(text)) return numbered(Number(text));
  const fits = text.startsWith("?")
    ? j.filter((job) => job.text.includes(text.slice(1)))
    : j.filter((job) => job.text.startsWith(text));
  return fits.length > 1 && shell.bash ? "ambiguous" : fits.at(-1);
}

/** A job by its name, with `%` or without; "" is the current one. */
export function jobNamed(shell: Shell, name: string): Job | undefined {
  const job = named(shell, name);
  return job === "ambiguous" ? undefined : job;
}

/** A job by a name with `%`, or by the pid of one of its processes. */
export const jobOrPid = (shell: Shell, name: string): Job | undefined =>
  name.startsWith("%")
    ? jobNamed(shell, name)
    : shell.state.jobs.find((job) => job.pids.includes(Number(name)));

/** Says that there is no such job, or more than one. */
export function noSuchJob(shell: Shell, name: string): number {
  if (!shell.bash) {
    shell.complain(name === "" ? "no current job" : `No such job: ${name}`);
    return 2;
  }
  if (named(shell, name) === "ambiguous") shell.complain(`${problemOf(name)}: ambiguous job spec`);
  else shell.complain(`${name === "" ? "current" : name}: no such job`);
  return 1;
}
