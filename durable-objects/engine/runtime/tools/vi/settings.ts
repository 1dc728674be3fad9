/** `:set` and the user's file of settings. */
import { lookup } from "../../../core/lookup.ts";
import { Errno } from "../../errno.ts";
import type { Editor } from "./editor.ts";
import { defaultOf, defaultsVim, optionNames, settingOf, shownOption } from "./options.ts";

/** `:set WORDS`: what is shown, or the message against a word. */
export function set(ed: Editor, words: string): string | undefined {
  const list = words.match(/(?:\\.|[^\s\\])+/g) ?? [];
  const shown: string[] = [];
  if (list.length === 0) {
    const changed = optionNames().filter((name) => ed.option(name) !== defaultOf(name));
    ed.show(["--- Options ---", ...changed.map((name) => shownOption(name, ed.option(name)))]);
    return undefined;
  }
  for (const word of list) {
    if (word === "all") {
      ed.show([
        "--- Options ---",
        ...optionNames().map((name) => shownOption(name, ed.option(name))),
      ]);
      continue;
    }
    const setting = settingOf(word.replace(/\\(.)/g, "$1"), ed.option);
    if ("error" in setting) return setting.error;
    if (setting.asked) shown.push(shownOption(setting.name, ed.option(setting.name)));
    else change(ed, setting.name, setting.value!);
  }
  if (shown.length === 1) ed.say(shown[0]!);
  else if (shown.length > 1) ed.show(shown, true);
  return undefined;
}

function change(ed: Editor, name: string, value: boolean | number | string): void {
  const { s } = ed;
  s.options[name] = value;
  if (name === "fileformat") {
    if (value === "dos") s.dos = true;
    else delete s.dos;
    s.modified = true;
  }
  if (name === "hlsearch") s.highlighted = true;
  if (name === "scroll") s.half = Number(value);
  if (name === "filetype") ofType(ed, String(value));
}

/** Kinds of files that have a name of their own for `autocmd FileType`. */
const types: Record<string, string> = lookup({
  yaml: "yaml",
  yml: "yaml",
  json: "json",
  sh: "sh",
  py: "python",
  go: "go",
  js: "javascript",
  ts: "typescript",
  md: "markdown",
  txt: "text",
  conf: "conf",
});

function ofType(ed: Editor, type: string): void {
  for (const [names, words] of ed.s.byType)
    if (names.split(",").some((name) => name === type || name === "*")) set(ed, words);
}

/** What the settings say of the file that is edited. */
export function setForFile(ed: Editor): void {
  const { s } = ed;
  const ending = /\.(\w{1,9})$/.exec(s.name)?.[1]?.toLowerCase() ?? "";
  const type = types[ending];
  if (type && s.byType.length) ofType(ed, type);
}

/** One line of a file of settings. Those that colour and map are passed over, as there is nothing to colour. */
export function settingLine(ed: Editor, line: string): string | undefined {
  const text = trimmed(line);
  if (text === "" || text.startsWith('"')) return undefined;
  const words = text.split(/\s+/);
  const first = words.shift()!;
  if (isSet(first)) {
    const comment = words.findIndex((word) => word.startsWith('"'));
    return set(ed, (comment < 0 ? words : words.slice(0, comment)).join(" "));
  }
  if (!/^au(?:tocmd)?!?$/.test(first)) return undefined;
  const [event = "", pattern = "", command = "", ...rest] = words;
  if (!isSet(command)) return undefined;
  const type = event === "FileType" ? pattern : /\.ya?ml/.test(pattern) ? "yaml" : undefined;
  if (type) ed.s.byType = [...ed.s.byType, [type, rest.join(" ")] as [string, string]].slice(-20);
  return undefined;
}

const isSet = (word: string): boolean => /^se(?:t(?:l|local|g|global)?)?$/.test(word);

function trimmed(line: string): string {
  let text = line.trim();
  while (text.startsWith(":")) text = text.slice(1).trim();
  return text;
}

/** ~/.vimrc (or EXINIT); without one, what Debian's defaults.vim sets. `path`: of -u. */
export function readSettings(ed: Editor, path?: string): void {
  const { sys, s } = ed;
  if (path === "NONE") return;
  const home = sys.env["HOME"] ?? "";
  const paths =
    path === undefined ? [`${home}/.vimrc`, `${home}/.vim/vimrc`, `${home}/.exrc`] : [path];
  for (const one of paths) {
    try {
      if (sys.stat(one).size > 64 * 1024) continue;
      const errors: string[] = [];
      const lines = sys.readFile(one).split("\n");
      lines.forEach((line, i) => {
        const error = settingLine(ed, line);
        if (error)
          errors.push(
            `Error detected while processing ${one}:`,
            `line ${String(i + 1).padStart(4)}:`,
            error,
          );
      });
      if (errors.length) ed.show(errors);
      return;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }
  Object.assign(s.options, defaultsVim);
}
