/** `pushd`, `popd`, `dirs`: the stack of folders. */
import type { Builtin } from "../builtin.ts";
import { cd } from "../places.ts";
import type { Shell } from "../shell.ts";
import { usage } from "./usage.ts";

const stack = ({ state, sys }: Shell, now: string | undefined): string[] => [
  now ?? sys.cwd,
  ...(state.directoryStack ?? []),
];
const all = (shell: Shell): string[] => stack(shell, shell.get("PWD"));

function withTilde(shell: Shell, path: string): string {
  const home = shell.get("HOME");
  return home && home !== "/" && (path === home || path.startsWith(`${home}/`))
    ? `~${path.slice(home.length)}`
    : path;
}

const shown = (shell: Shell, paths: readonly string[]): string =>
  `${paths.map((path) => withTilde(shell, path)).join(" ")}\n`;

/** The place in the stack that `+2` or `-0` means; undefined: there is none. */
function placeIn(word: string, count: number): number | undefined {
  const number = Number(word.slice(1));
  const place = word.startsWith("+") ? number : count - 1 - number;
  return place >= 0 && place < count ? place : undefined;
}

function outOfRange(shell: Shell, word: string, count: number): number {
  shell.complain(
    count === 1 ? "directory stack empty" : `${word}: directory stack index out of range`,
  );
  return 1;
}

/** Goes to the stack's first folder, and keeps the others. */
function become(shell: Shell, paths: readonly string[], quiet: boolean): number {
  const [first = "/", ...rest] = paths;
  if (!quiet && cd(shell, ["cd", first]) !== 0) return 1;
  shell.state.directoryStack = rest;
  shell.write(1, shown(shell, all(shell)));
  return 0;
}

export const dirs: Builtin = (shell, argv) => {
  let letters = "";
  let place: number | undefined;
  const paths = all(shell);
  for (const word of argv.slice(1)) {
    if (/^[-+]\d+$/.test(word)) {
      place = placeIn(word, paths.length);
      if (place === undefined) return outOfRange(shell, word.slice(1), paths.length);
    } else if (/^-[clpv]+$/.test(word)) letters += word.slice(1);
    else if (word.startsWith("-")) return usage(shell, word);
    else return usage(shell, word);
  }
  if (letters.includes("c")) {
    delete shell.state.directoryStack;
    return 0;
  }
  const named = paths.map((path) => (letters.includes("l") ? path : withTilde(shell, path)));
  const line = (path: string, i: number): string =>
    letters.includes("v") ? `${String(i).padStart(2)}  ${path}\n` : `${path}\n`;
  if (place !== undefined) shell.write(1, line(named[place]!, place));
  else if (/[vp]/.test(letters)) shell.write(1, named.map(line).join(""));
  else shell.write(1, `${named.join(" ")}\n`);
  return 0;
};

export const pushd: Builtin = (shell, argv) => {
  let words = argv.slice(1);
  const quiet = words[0] === "-n";
  if (quiet) words = words.slice(1);
  if (words[0] === "--") words = words.slice(1);
  const paths = all(shell);
  const [word] = words;
  if (words.length > 1) {
    shell.complain("too many arguments");
    return 1;
  }
  if (word === undefined) {
    if (paths.length < 2) {
      shell.complain("no other directory");
      return 1;
    }
    return become(shell, [paths[1]!, paths[0]!, ...paths.slice(2)], false);
  }
  if (/^[-+]\d+$/.test(word)) {
    const place = placeIn(word, paths.length);
    if (place === undefined || paths.length === 1) return outOfRange(shell, word, paths.length);
    return become(shell, [...paths.slice(place), ...paths.slice(0, place)], false);
  }
  if (/^-[^/]/.test(word)) return usage(shell, word);
  if (quiet) {
    shell.state.directoryStack = [word, ...paths.slice(1)];
    shell.write(1, shown(shell, all(shell)));
    return 0;
  }
  return become(shell, [word, ...paths], false);
};

export const popd: Builtin = (shell, argv) => {
  let words = argv.slice(1);
  const quiet = words[0] === "-n";
  if (quiet) words = words.slice(1);
  const paths = all(shell);
  const [word = quiet ? "+1" : "+0"] = words;
  if (!/^[-+]\d+$/.test(word)) {
    if (word.startsWith("-")) return usage(shell, word);
    shell.complain(`${word}: invalid argument`);
    return 1;
  }
  const place = placeIn(word, paths.length);
  if (place === undefined || paths.length === 1) return outOfRange(shell, word, paths.length);
  const left = paths.filter((_, i) => i !== place);
  if (place === 0) return become(shell, left, false);
  shell.state.directoryStack = left.slice(1);
  shell.write(1, shown(shell, left));
  return 0;
};
