/** Letters of the options that `set` knows. */

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
/** How `$-` orders them. */
const shownOrder = "ubaCvxcsnmiIfe";
export const shownOptions = (letters: string): string =>
  [...shownOrder].filter((letter) => letters.includes(letter)).join("");
