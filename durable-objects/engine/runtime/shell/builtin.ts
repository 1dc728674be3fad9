import type { Shell } from "./shell.ts";

/** A command of the shell's own: returns a status, or nothing after pushing frames that will give one. */
export type Builtin = (shell: Shell, argv: string[], tested: boolean) => number | undefined;
