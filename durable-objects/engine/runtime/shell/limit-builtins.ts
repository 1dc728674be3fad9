/** umask and ulimit. */
import { changeMode } from "../tools/files/chmod-chown.ts";
import { usage } from "./bash/usage.ts";
import type { Shell } from "./shell.ts";

const classes = [6, 3, 0] as const;
const symbolic = (mode: number): string =>
  classes
    .map((shift, i) => {
      const bits = (mode >> shift) & 7;
      return `${"ugo"[i]}=${bits & 4 ? "r" : ""}${bits & 2 ? "w" : ""}${bits & 1 ? "x" : ""}`;
    })
    .join(",");

export function umask(shell: Shell, argv: string[]): number {
  const { umask: mask, process } = shell.sys;
  const long = argv[1] === "-S";
  if (argv[1] === "-p" && shell.bash && argv[2] === undefined) {
    shell.write(1, `umask ${mask.toString(8).padStart(4, "0")}\n`);
    return 0;
  }
  const option = !long && /^-[^rwxXst,]/.exec(argv[1] ?? "");
  if (option) {
    shell.complain(`illegal option ${option[0]}`);
    return 2;
  }
  const word = argv[long ? 2 : 1];
  const allowed = ~mask & 0o777;
  if (word === undefined) {
    shell.write(1, `${long ? symbolic(allowed) : mask.toString(8).padStart(4, "0")}\n`);
    return 0;
  }
  const octal = /^[0-7]+$/.test(word);
  // Symbols say what is allowed, digits what is not.
  const made = octal ? parseInt(word, 8) : changeMode(word, allowed, false, 0);
  if (made === undefined || made > 0o777 || /^\d/.test(word) !== octal) {
    shell.complain(`illegal mode: ${word}`);
    return shell.bash ? 1 : 2;
  }
  process.umask = octal ? made : ~made & 0o777;
  return 0;
}

/** Letter, text, and the value a container has. */
const limits: readonly (readonly [letter: string, text: string, value: string])[] = [
  ["c", "core file size (blocks)", "unlimited"],
  ["d", "data seg size (kb)", "unlimited"],
  ["e", "scheduling priority", "0"],
  ["f", "file size (blocks)", "unlimited"],
  ["i", "pending signals", "63459"],
  ["l", "max locked memory (kb)", "unlimited"],
  ["m", "max memory size (kb)", "unlimited"],
  ["n", "open files", "1048576"],
  ["q", "POSIX message queues (bytes)", "819200"],
  ["r", "real-time priority", "0"],
  ["s", "stack size (kb)", "8192"],
  ["t", "cpu time (seconds)", "unlimited"],
  ["u", "max user processes", "unlimited"],
  ["v", "virtual memory (kb)", "unlimited"],
  ["x", "file locks", "unlimited"],
];

type Limit = (typeof limits)[number];

export function ulimit(shell: Shell, argv: string[]): number {
  const asked: [Limit, string | undefined][] = [];
  let all = false;
  let which = "";
  const words = argv.slice(1);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!/^-./.test(word)) {
      asked.push([limits.find(([letter]) => letter === "f")!, word]);
      continue;
    }
    for (const letter of word.slice(1)) {
      const limit = limits.find(([known]) => known === letter);
      if (letter === "a") all = true;
      else if (letter === "S" || letter === "H") which += letter;
      else if (!limit && shell.bash) return usage(shell, `-${letter}`);
      else if (!limit) {
        shell.write(2, `ulimit: invalid option -- '${letter}'\n`);
        return 1;
      } else {
        const value = /^-?[^-]/.test(words[i + 1] ?? "") && !words[i + 1]!.startsWith("-");
        asked.push([limit, value ? words[++i] : undefined]);
      }
    }
  }
  const now = (limit: Limit, hard = which === "H"): string =>
    shell.state.limits?.[limit[0]]?.[hard ? 1 : 0] ?? limit[2];
  if (all)
    for (const limit of limits)
      shell.write(1, `${limit[1].padEnd(32)}(-${limit[0]}) ${now(limit)}\n`);
  else if (asked.length === 0) asked.push([limits[3]!, undefined]);
  for (const [limit, value] of asked) {
    if (value === undefined) {
      shell.write(1, `${now(limit)}\n`);
      continue;
    }
    if (value !== "unlimited" && !/^\d+$/.test(value)) {
      shell.say(`invalid number '${value}'`);
      return 1;
    }
    const amount = (text: string): number => (text === "unlimited" ? Infinity : Number(text));
    if (amount(value) > amount(limit[2])) {
      shell.say("error setting limit: Operation not permitted");
      return 1;
    }
    const soft = which === "H" ? now(limit, false) : value;
    const hard = which === "S" ? now(limit, true) : value;
    shell.state.limits = { ...shell.state.limits, [limit[0]]: [soft, hard] };
  }
  return 0;
}
