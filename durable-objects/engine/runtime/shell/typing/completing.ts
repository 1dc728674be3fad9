/** Completion: commands, variables, users' homes and files; and what `complete` has been told. */
import { decodeUtf8 } from "../../bytes.ts";
import { completionsMax } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import { put } from "../../readline/editor.ts";
import { beginListing, goOnListing } from "../../readline/listing.ts";
import { listedInColumns, quotedName, type Word } from "../../readline/completion.ts";
import type { Line } from "../../readline/line.ts";
import type { Shell } from "../shell.ts";
import { builtins } from "../builtins.ts";

/** What may stand in a word's place: whole words; the part before the last slash is not shown in lists. */
export interface Candidates {
  names: string[];
  /** They are files: a folder gets its slash, and characters of the shell are quoted. */
  files?: true;
  /** No blank behind the only one. */
  bare?: true;
  /** They are listed as they came. */
  unsorted?: true;
}

/** How a Tab was pressed: to list what fits; behind another one that changed nothing. */
interface Pressed {
  lists: boolean;
  again: boolean;
}

const reserved =
  "if then else elif fi case esac for select while until do done in function time { } ! [[ ]] coproc".split(
    " ",
  );

function namesIn(shell: Shell, folder: string): string[] {
  try {
    return shell.sys.list(folder);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return [];
  }
}

function home(shell: Shell, path: string): string {
  const user = /^~([^/]*)/.exec(path)?.[1];
  if (user === undefined) return path;
  const folder = user === "" ? shell.get("HOME") : shell.homeOf(user);
  return folder === undefined ? path : folder + path.slice(user.length + 1);
}

export function files(shell: Shell, word: string, only?: (path: string) => boolean): string[] {
  const slash = word.lastIndexOf("/");
  const folder = word.slice(0, slash + 1);
  const start = word.slice(slash + 1);
  const real = folder === "" ? "." : home(shell, folder);
  return namesIn(shell, real)
    .filter((name) => name.startsWith(start))
    .filter((name) => only === undefined || only(`${real === "." ? "" : real}${name}`))
    .map((name) => folder + name);
}

export const isFolder = (shell: Shell, path: string): boolean =>
  shell.sys.peek(home(shell, path))?.type === "d";

function commands(shell: Shell, word: string): Candidates {
  const { state, sys } = shell;
  if (word.includes("/") || word.startsWith("~")) {
    const runs = (path: string): boolean => isFolder(shell, path) || sys.access(path, 1);
    return { names: files(shell, word, runs), files: true };
  }
  const found = (shell.get("PATH") ?? "")
    .split(":")
    .flatMap((folder) =>
      namesIn(shell, folder).filter(
        (name) => name.startsWith(word) && sys.access(`${folder}/${name}`, 1),
      ),
    );
  const own = [
    ...Object.keys(state.aliases ?? {}),
    ...Object.keys(state.functions),
    ...Object.keys(builtins),
    ...reserved,
  ];
  return { names: [...own.filter((name) => name.startsWith(word)), ...found] };
}

function variables(shell: Shell, word: string): Candidates {
  const brace = word.startsWith("${");
  const start = word.slice(brace ? 2 : 1);
  const names = shell.variables().map(([name]) => name);
  return {
    names: names
      .filter((name) => name.startsWith(start))
      .map((name) => (brace ? `\${${name}}` : `$${name}`)),
  };
}

/** What fits where nothing is known of the command. */
export function byDefault(shell: Shell, word: Word): Candidates {
  const { text } = word;
  if (/^\$\{?\w*$/.test(text) && word.quote !== "'") return variables(shell, text);
  if (/^~[^/]*$/.test(text)) {
    const users = shell.sys.container.passwd.map(({ name }) => `~${name}`);
    return { names: users.filter((name) => name.startsWith(text)), files: true };
  }
  if (word.first) return commands(shell, text);
  return { names: files(shell, text), files: true };
}

const commonStart = (names: readonly string[]): string => {
  let start = names[0] ?? "";
  for (const name of names) while (!name.startsWith(start)) start = start.slice(0, -1);
  while (start !== "" && decodeUtf8(start).endsWith("\ufffd")) start = start.slice(0, -1);
  return start;
};

/** Puts in what all that fit have in common; a second Tab lists them. */
export function apply(
  shell: Shell,
  line: Line,
  history: readonly string[],
  word: Word,
  found: Candidates,
  { lists, again }: Pressed,
): void {
  const all = [...new Set(found.names)];
  const names = (found.unsorted ? all : all.sort()).slice(0, completionsMax);
  line.last = "complete";
  const bell = (): void => shell.write(2, "\x07");
  if (names.length === 0) return bell();
  const common = commonStart(names);
  const isSame = common === word.text || !common.startsWith(word.text);
  if (lists || (again && names.length > 1 && isSame))
    return list(shell, line, history, names, found);
  const quoted = (text: string): string => (found.files ? quotedName(text, word.quote) : text);
  let text = common;
  let end = "";
  if (names.length === 1) {
    const folder = found.files && isFolder(shell, common);
    if (folder) end = common.endsWith("/") ? "" : "/";
    else if (!found.bare) end = word.quote + (line.text[line.point] === " " ? "" : " ");
    if (found.files && text.startsWith("~") && !text.includes("/")) end = "/";
  }
  if (common.length < word.text.length) text = word.text;
  const whole = quoted(text) + end;
  // A Tab that has changed something is not the first of two.
  delete line.last;
  if (whole === line.text.slice(word.start, line.point)) line.last = "complete";
  else shell.write(2, put(line, history, word.start, whole));
  if (names.length > 1) bell();
}

function list(
  shell: Shell,
  line: Line,
  history: readonly string[],
  names: readonly string[],
  found: Candidates,
): void {
  const shown = names.map((name) => {
    if (!found.files) return name;
    const last = name.replace(/\/$/, "").replace(/^.*\//, "");
    return isFolder(shell, name) ? `${last}/` : last;
  });
  const rows = listedInColumns(shown, line.cols).split("\n").slice(0, -1);
  shell.write(2, beginListing(line, history, rows, names.length, screenRows(shell)));
}

const screenRows = ({ sys }: Shell): number => sys.terminal(0)?.rows || 24;

/** Keys while a list stands still: the ones behind those it took. */
export function listingKeys(
  shell: Shell,
  line: Line,
  history: readonly string[],
  keys: string,
): string {
  const { output, rest } = goOnListing(line, history, keys, screenRows(shell));
  shell.write(2, output);
  return rest;
}
