/** Path names that a pattern matches. */
import { globNamesMax } from "../../core/limits.ts";
import { isPattern, matches, unescapePattern } from "./pattern.ts";
import type { Shell } from "./shell.ts";

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

class Globber {
  readonly shell: Shell;
  readonly rules: { ext: boolean; fold: boolean };
  readonly hidden: boolean;
  readonly deep: boolean;

  constructor(shell: Shell) {
    this.shell = shell;
    this.rules = { ext: shell.shopt("extglob"), fold: shell.shopt("nocaseglob") };
    this.hidden = shell.shopt("dotglob");
    this.deep = shell.shopt("globstar");
  }

  /** Paths below some folders that the next part of a pattern names. */
  part(bases: readonly string[], part: string, last: boolean): string[] {
    const { sys } = this.shell;
    const next: string[] = [];
    for (const base of bases) {
      if (part === "") {
        next.push(`${base}/`.replace(/\/\/$/, "/"));
        continue;
      }
      if (part === "**" && this.deep) {
        this.#below(base, last, next);
        continue;
      }
      if (!isPattern(part, this.rules.ext)) {
        const path = joined(base, unescapePattern(part));
        if (sys.peek(path, !last)) next.push(path);
        continue;
      }
      for (const name of this.#names(base || ".")) {
        if (!this.#fits(part, name)) continue;
        const path = joined(base, name);
        if (last || sys.peek(path)?.type === "d") next.push(path);
      }
    }
    return next;
  }

  #fits(part: string, name: string): boolean {
    const dot = part.startsWith(".") || part.startsWith("\\.");
    if (name.startsWith(".") && !dot && !this.hidden) return false;
    if (this.shell.bash && (name === "." || name === "..")) return false;
    return matches(part, name, this.shell.sys.matching, this.rules);
  }

  /** `**`: a folder and all below it; at the end of a pattern files too. Links to folders are not followed. */
  #below(base: string, last: boolean, into: string[]): void {
    if (into.length > globNamesMax) return;
    if (!last || base !== "") into.push(last ? `${base}/`.replace(/\/\/$/, "/") : base);
    for (const name of this.#names(base || ".")) {
      if (name === "." || name === ".." || (name.startsWith(".") && !this.hidden)) continue;
      const path = joined(base, name);
      const folder = this.shell.sys.peek(path, false)?.type === "d";
      if (folder && last) {
        into.push(path);
        this.#within(path, into);
      } else if (folder) this.#below(path, last, into);
      else if (last) into.push(path);
    }
  }

  #within(base: string, into: string[]): void {
    const inner: string[] = [];
    this.#below(base, true, inner);
    // The folder itself stands there without its slash.
    into.push(...inner.slice(1));
  }

  #names(folder: string): string[] {
    try {
      return [".", "..", ...this.shell.sys.list(folder)];
    } catch {
      return [];
    }
  }
}

const joined = (base: string, name: string): string =>
  base === "" || base.endsWith("/") ? base + name : `${base}/${name}`;

/** Paths a pattern matches, sorted; none: nothing does. */
export function paths(shell: Shell, pattern: string): string[] {
  const parts = pattern.split("/");
  const from = pattern.startsWith("/") ? 1 : 0;
  const globber = new Globber(shell);
  let bases = [from ? "/" : ""];
  for (let i = from; i < parts.length; i++) {
    bases = globber.part(bases, parts[i]!, i === parts.length - 1);
    if (bases.length > globNamesMax) break;
  }
  return shell.bash ? bases.sort(byBytes) : bases;
}
