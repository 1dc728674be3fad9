/** Folders as prompts and jobs name them. */
import type { Shell } from "../shell.ts";

/** `~` in the place of the user's home. */
export function short(shell: Pick<Shell, "get">, folder: string): string {
  const home = shell.get("HOME");
  return home && home !== "/" && (folder === home || folder.startsWith(`${home}/`))
    ? `~${folder.slice(home.length)}`
    : folder;
}
