import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Other processes of this machine, by their ids. */

/** When a process started, in its machine's own words: with the id it names one process for ever. Undefined: it is gone. */
export function startOf(pid: number): string | undefined {
  try {
    if (existsSync("/proc/self/stat")) {
      // The command's name, in brackets, may hold anything.
      const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!.split(" ");
      return fields[0] === "Z" ? undefined : fields[19];
    }
    const told = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return told.trim() || undefined;
  } catch {
    return undefined;
  }
}

export function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** Waits until a process is gone, five seconds at most. */
export async function ended(pid: number): Promise<void> {
  for (let tries = 0; tries < 100 && startOf(pid) !== undefined; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
