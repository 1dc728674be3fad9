import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { startOf } from "../../scripts/process-table.ts";

/** workerd processes that this process has started. Linux. */
function runtimePids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(
          readFileSync(`/proc/${pid}/stat`, "utf8"),
        )!;
        return name === "workerd" && Number(parent) === process.pid;
      } catch {
        return false;
      }
    });
}

/** Ends the runtime as a power cut would. Returns how many processes that were. */
export function killRuntime(): number {
  const pids = runtimePids();
  for (const pid of pids) process.kill(pid, "SIGKILL");
  return pids.length;
}

/**
 * The same to the runtime of one state folder: tests run in threads of one process, whose other runtimes are their neighbours'.
 * Returns whether it ran.
 */
export function killRuntimeOf(statePath: string): boolean {
  const holder = JSON.parse(readFileSync(path.join(statePath, "holder.json"), "utf8")) as {
    runtime?: { process: number; start: string };
  };
  const { runtime } = holder;
  if (!runtime || startOf(runtime.process) !== runtime.start) return false;
  process.kill(runtime.process, "SIGKILL");
  return true;
}
