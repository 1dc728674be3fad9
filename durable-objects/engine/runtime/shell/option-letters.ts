/** Letters of the options that `set` knows. */
import type { ShellState } from "./state.ts";

export const optionNames: Record<string, string> = {
  errexit: "e",
  noglob: "f",
  ignoreeof: "I",
  monitor: "m",
  noexec: "n",
  xtrace: "x",
  verbose: "v",
  noclobber: "C",
  allexport: "a",
  notify: "b",
  nounset: "u",
  errtrace: "E",
  vi: "V",
  pipefail: "P",
};

/** Those of bash: `P`, `V`, `M`, `H`, `L`, `N`, `Y` are letters that none of its own `set` letters mean. */
export const bashOptionNames: Record<string, string> = {
  allexport: "a",
  braceexpand: "B",
  emacs: "M",
  errexit: "e",
  errtrace: "E",
  functrace: "T",
  hashall: "h",
  histexpand: "H",
  history: "N",
  ignoreeof: "I",
  "interactive-comments": "J",
  keyword: "k",
  monitor: "m",
  noclobber: "C",
  noexec: "n",
  noglob: "f",
  nolog: "G",
  notify: "b",
  nounset: "u",
  onecmd: "t",
  physical: "Y",
  pipefail: "P",
  posix: "O",
  privileged: "p",
  verbose: "v",
  vi: "V",
  xtrace: "x",
};

/** How `$-` orders them. */
const shownOrder = "ubaCvxcsnmiIfe";
const bashOrder = "abefhikmnprtuvxBCEHTcs";

/** `$-`: the letters of what is on. */
export function shownOptions(
  { startedBy = "", options, interactive, interactiveAbove }: ShellState,
  bash = false,
): string {
  const on = startedBy + options + (interactive || interactiveAbove ? "i" : "");
  return [...(bash ? bashOrder : shownOrder)].filter((letter) => on.includes(letter)).join("");
}
