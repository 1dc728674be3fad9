/** What a command's name means in bash: `type`, `command -v`, `hash`. */
import type { Builtin } from "../builtin.ts";
import { hasBuiltin } from "../dialects.ts";
import type { Shell } from "../shell.ts";
import { bashKeywords } from "./builtin-names-data.ts";
import { functionText } from "./function-text.ts";
import { singleQuoted } from "./quote.ts";
import { usage } from "./usage.ts";

export type Meaning =
  | { kind: "alias"; text: string }
  | { kind: "keyword" | "function" | "builtin" }
  | { kind: "file"; path: string; hashed?: true };

/** Executable files of a name, by PATH; all of them, or the first. */
function files(shell: Shell, name: string, all: boolean): string[] {
  const { sys } = shell;
  const fits = (path: string): boolean => sys.peek(path)?.type === "f" && sys.access(path, 1);
  if (name.includes("/")) return fits(name) ? [name] : [];
  const out: string[] = [];
  for (const folder of (shell.get("PATH") ?? "").split(":")) {
    const path = `${folder || "."}/${name}`;
    if (!fits(path) || out.includes(path)) continue;
    out.push(path);
    if (!all) break;
  }
  return out;
}

/** What a name means, the first meaning first. */
export function meanings(shell: Shell, name: string, all = false, functions = true): Meaning[] {
  const { state } = shell;
  const out: Meaning[] = [];
  const aliases = state.interactive === 1 || shell.shopt("expand_aliases");
  const alias =
    aliases && Object.hasOwn(state.aliases ?? {}, name) ? state.aliases?.[name] : undefined;
  if (alias !== undefined) out.push({ kind: "alias", text: alias });
  if (bashKeywords.has(name)) out.push({ kind: "keyword" });
  if (functions && Object.hasOwn(state.functions, name)) out.push({ kind: "function" });
  if (hasBuiltin(shell, name)) out.push({ kind: "builtin" });
  if (!all && out.length) return out;
  const hashed = state.hashedPaths?.[name];
  if (hashed !== undefined && !all) out.push({ kind: "file", path: hashed, hashed: true });
  else for (const path of files(shell, name, all)) out.push({ kind: "file", path });
  return out;
}

/** `name is ...`, as `type` and `command -V` say it. */
function sentence(shell: Shell, name: string, meaning: Meaning): string {
  switch (meaning.kind) {
    case "alias":
      return `${name} is aliased to \`${meaning.text}'\n`;
    case "keyword":
      return `${name} is a shell keyword\n`;
    case "function":
      return `${name} is a function\n${functionText(shell, name)}`;
    case "builtin":
      return `${name} is a shell builtin\n`;
    case "file":
      return meaning.hashed
        ? `${name} is hashed (${meaning.path})\n`
        : `${name} is ${meaning.path}\n`;
  }
}

export const type: Builtin = (shell, argv) => {
  let letters = "";
  let i = 1;
  for (; i < argv.length && /^-./.test(argv[i]!) && argv[i] !== "--"; i++) {
    const bad = /[^afptP]/.exec(argv[i]!.slice(1))?.[0];
    if (bad) return usage(shell, `-${bad}`);
    letters += argv[i]!.slice(1);
  }
  let status = 0;
  for (const name of argv.slice(argv[i] === "--" ? i + 1 : i)) {
    const path = /[pP]/.test(letters);
    const all = letters.includes("a");
    let found = letters.includes("P")
      ? files(shell, name, all).map((file): Meaning => ({ kind: "file", path: file }))
      : meanings(shell, name, all, !letters.includes("f"));
    if (!all) found = found.slice(0, 1);
    if (found.length === 0) {
      if (!path && !letters.includes("t")) shell.complain(`${name}: not found`);
      status = 1;
    }
    for (const one of found) {
      if (letters.includes("t")) shell.write(1, `${one.kind}\n`);
      else if (!path) shell.write(1, sentence(shell, name, one));
      else if (one.kind === "file") shell.write(1, `${one.path}\n`);
    }
  }
  return status;
};

/** `command -v`, `command -V`. */
export function commandNames(shell: Shell, names: readonly string[], long: boolean): number {
  let found = false;
  for (const name of names) {
    const [meaning] = meanings(shell, name);
    if (!meaning) {
      if (long) shell.complain(`${name}: not found`);
      continue;
    }
    found = true;
    if (long) shell.write(1, sentence(shell, name, meaning));
    else if (meaning.kind === "alias")
      shell.write(1, `alias ${name}=${singleQuoted(meaning.text)}\n`);
    else shell.write(1, `${meaning.kind === "file" ? meaning.path : name}\n`);
  }
  return found ? 0 : 1;
}

export const hash: Builtin = (shell, argv) => {
  const { state } = shell;
  let letters = "";
  let path: string | undefined;
  let i = 1;
  for (; i < argv.length && /^-./.test(argv[i]!); i++) {
    const bad = /[^lrpdt]/.exec(argv[i]!.slice(1))?.[0];
    if (bad) return usage(shell, `-${bad}`);
    letters += argv[i]!.slice(1);
    if (argv[i]!.endsWith("p")) path = argv[++i];
  }
  const names = argv.slice(i);
  if (letters.includes("r")) delete state.hashedPaths;
  if (names.length === 0) {
    if (!letters) listHashed(shell);
    return 0;
  }
  let status = 0;
  for (const name of names) {
    const known = state.hashedPaths?.[name];
    if (path !== undefined) state.hashedPaths = { ...state.hashedPaths, [name]: path };
    else if (letters.includes("t") && known !== undefined)
      shell.write(1, names.length > 1 ? `${name}\t${known}\n` : `${known}\n`);
    else if (letters.includes("d") && known !== undefined) {
      const { [name]: _, ...left } = state.hashedPaths!;
      state.hashedPaths = left;
    } else if (/[td]/.test(letters) || !remember(shell, name)) {
      shell.complain(`${name}: not found`);
      status = 1;
    }
  }
  return status;
};

/** Notes where a command lies; false: nowhere. */
export function remember(shell: Shell, name: string): boolean {
  if (name.includes("/") || Object.hasOwn(shell.state.functions, name) || hasBuiltin(shell, name))
    return true;
  const [path] = files(shell, name, false);
  if (path === undefined) return false;
  shell.state.hashedPaths = { ...shell.state.hashedPaths, [name]: path };
  return true;
}

function listHashed(shell: Shell): void {
  const all = Object.values(shell.state.hashedPaths ?? {});
  if (all.length === 0) shell.write(1, "hash: hash table empty\n");
  else shell.write(1, `hits\tcommand\n${all.map((path) => `   0\t${path}\n`).join("")}`);
}
