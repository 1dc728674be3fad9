/** Completion: commands, variables, users' homes and files; and what `complete` has been told. */
import { decodeUtf8 } from "../../bytes.ts";
import { completionsMax } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import { put, redraw, toLineEnd } from "../../readline/editor.ts";
import { listedInColumns, quotedName, wordAt, type Word } from "../../readline/completion.ts";
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

const isFolder = (shell: Shell, path: string): boolean =>
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

function candidates(shell: Shell, word: Word): Candidates {
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

/** Tab (or M-?): what all that fit have in common is put in; a second Tab lists them. */
export function completeKey(
  shell: Shell,
  line: Line,
  history: readonly string[],
  lists: boolean,
): void {
  const word = wordAt(line.text, line.point);
  apply(shell, line, history, word, candidates(shell, word), lists);
}

export function apply(
  shell: Shell,
  line: Line,
  history: readonly string[],
  word: Word,
  found: Candidates,
  lists: boolean,
): void {
  const names = [...new Set(found.names)].sort().slice(0, completionsMax);
  const again = line.last === "complete";
  line.last = "complete";
  const bell = (): void => shell.write(2, "\x07");
  if (names.length === 0) return bell();
  if (lists || (again && names.length > 1 && commonStart(names) === word.text))
    return list(shell, line, history, names, found);
  const common = commonStart(names);
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
  const cols = line.cols;
  shell.write(
    2,
    `${toLineEnd(line, history)}\n${listedInColumns(shown, cols)}${redraw(line, history)}`,
  );
}
