/** What bash says after an option that a builtin has not. */
import type { Shell } from "../shell.ts";
import { bashUsages } from "./builtin-names-data.ts";

/** Only how it is used. */
export function usageAlone(shell: Shell): number {
  const name = shell.command ?? "";
  shell.write(2, `${name}: usage: ${bashUsages[name] ?? name}\n`);
  return 2;
}

export function usage(shell: Shell, option: string): number {
  shell.complain(`${option}: invalid option`);
  return usageAlone(shell);
}
