/** `history` and `fc`: commands that were typed. They are kept in the shell's state (`history`) by whoever reads lines. */
import { shellHistoryMax } from "../../../core/limits.ts";
import { trimEndOf } from "../../../core/trim.ts";
import { Errno } from "../../errno.ts";
import type { Builtin } from "../builtin.ts";
import type { Shell } from "../shell.ts";
import { addChunk } from "../state.ts";
import { usage } from "./usage.ts";

/**
 * Notes a command, of `most` that are kept; one that begins with a blank, or is the one before again, as HISTCONTROL says. What is
 * not noted leaves the list as it is.
 */
export function noteCommand(shell: Shell, line: string, most = shellHistoryMax): void {
  const { state } = shell;
  const text = trimEndOf(line, "\n");
  if (text.trim() === "") return;
  const control = (shell.get("HISTCONTROL") ?? "").split(":");
  const both = control.includes("ignoreboth");
  if ((both || control.includes("ignorespace")) && /^[ \t]/.test(text)) return;
  const known = state.history ?? [];
  if ((both || control.includes("ignoredups")) && known.at(-1) === text) return;
  const others = control.includes("erasedups") ? known.filter((one) => one !== text) : known;
  state.history = most === 0 ? [] : [...others, text].slice(-most);
}

const path = (shell: Shell, word: string | undefined): string =>
  word ?? shell.get("HISTFILE") ?? `${shell.get("HOME") ?? ""}/.bash_history`;

function files(shell: Shell, letter: string, word: string | undefined): number {
  const { state, sys } = shell;
  try {
    if (letter === "w")
      sys.writeFile(path(shell, word), (state.history ?? []).map((one) => `${one}\n`).join(""));
    else if (letter === "a")
      sys.writeFile(path(shell, word), (state.history ?? []).map((one) => `${one}\n`).join(""), {
        append: true,
      });
    else
      state.history = [
        ...(state.history ?? []),
        ...sys.readFile(path(shell, word)).split("\n").filter(Boolean),
      ].slice(-shellHistoryMax);
    return 0;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    shell.complain(
      `${path(shell, word)}: cannot ${letter === "w" || letter === "a" ? "create" : "read"}: ${error.message}`,
    );
    return 1;
  }
}

const listed = (list: readonly string[], from: number): string =>
  list.map((one, i) => `${String(from + i + 1).padStart(5)}  ${one}\n`).join("");

export const history: Builtin = (shell, argv) => {
  const { state } = shell;
  const [, first, second] = argv;
  const list = state.history ?? [];
  if (first === undefined) {
    shell.write(1, listed(list, 0));
    return 0;
  }
  if (/^\d+$/.test(first)) {
    const count = Math.min(Number(first), list.length);
    shell.write(1, listed(list.slice(list.length - count), list.length - count));
    return 0;
  }
  if (first === "-c") {
    delete state.history;
    return 0;
  }
  if (first === "-d") {
    const place = Number(second);
    const at = place < 0 ? list.length + place : place - 1;
    if (!Number.isInteger(place) || at < 0 || at >= list.length) {
      shell.complain(`${second}: history position out of range`);
      return 1;
    }
    state.history = list.filter((_, i) => i !== at);
    return 0;
  }
  if (/^-[anrw]$/.test(first)) return files(shell, first.slice(1), second);
  if (first === "-s") {
    noteCommand(shell, argv.slice(2).join(" "));
    return 0;
  }
  if (first === "-p") {
    shell.write(
      1,
      argv
        .slice(2)
        .map((word) => `${word}\n`)
        .join(""),
    );
    return 0;
  }
  if (first.startsWith("-")) return usage(shell, first);
  shell.complain(`${first}: numeric argument required`);
  return 1;
};

export const fc: Builtin = (shell, argv) => {
  const list = shell.state.history ?? [];
  const words = argv.slice(1);
  const letters = words.filter((word) => /^-[lnrs]+$/.test(word)).join("");
  const wanted = words.find((word) => !/^-[lnrs]+$/.test(word));
  if (letters.includes("l")) {
    const from = Math.max(0, list.length - 16);
    const lines = list
      .slice(from)
      .map((one, i) => `${letters.includes("n") ? "" : from + i + 1}\t ${one}\n`);
    shell.write(1, (letters.includes("r") ? lines.reverse() : lines).join(""));
    return 0;
  }
  const found = wanted === undefined ? list.at(-1) : list.findLast((one) => one.startsWith(wanted));
  if (found === undefined || !letters.includes("s")) {
    if (found === undefined) shell.complain("no command found");
    else shell.complain("no editor");
    return 1;
  }
  shell.write(2, `${found}\n`);
  shell.push({
    kind: "src",
    chunk: addChunk(shell.state, found),
    offset: 0,
    mode: "eval",
    name: "fc",
  });
  return undefined;
};
