/** Entrypoint scripts that set nothing up and then run their arguments. */
import { Errno } from "../runtime/errno.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";

/** Runs `argv` in place of the process. On failure says `text` and returns 127 (126: not executable). */
export function runInstead(sys: Sys, argv: string[], script: string): number | undefined {
  const first = argv[0] ?? "";
  try {
    sys.exec(sys.which(first), argv, sys.env);
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.complain(`${script}: exec: ${first}: not found\n`);
    return error.code === "ENOENT" ? 127 : 126;
  }
}

/** An entrypoint that hands arguments it does not know as a command to `command`. */
export function commandEntry(
  name: string,
  script: string,
  command: string,
): Program<{ code: number }> {
  return {
    name,
    start(sys) {
      let argv = sys.argv.slice(1);
      const first = argv[0];
      if (first === undefined || first.startsWith("-") || !isCommand(sys, first))
        argv = [command, ...argv];
      const code = runInstead(sys, argv, script);
      return code === undefined ? (sys.process.state as { code: number }) : { code };
    },
    step: (_sys, state) => ({ exit: state.code }),
  };
}

function isCommand(sys: Sys, name: string): boolean {
  try {
    sys.which(name);
    return true;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return false;
  }
}
