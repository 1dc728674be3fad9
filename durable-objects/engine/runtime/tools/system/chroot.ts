/** chroot and nsenter: a command that sees another root folder. */
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";

/** The root folder and the command asked for, or why not. */
type Asked = { root: string; words: string[]; entered?: true } | { problem: string };

function askedOfChroot(words: string[]): Asked {
  const [root, ...command] = words;
  if (root === undefined) return { problem: "chroot: missing operand\n" };
  return { root, words: command };
}

/**
 * `nsenter -t PID -m ... [--] COMMAND`, or the namespaces' own files in place of a PID; without -m the files stay as they are.
 * `--mount=FILE` names the namespace itself.
 */
function askedOfNsenter(given: string[]): Asked {
  const words = [...given];
  let target: string | undefined;
  let mount = false;
  let entered: string | undefined;
  while (words[0]?.startsWith("-")) {
    const word = words.shift() as string;
    if (word === "--") break;
    const [name = "", value] = word.split("=");
    const file = /^(?:--mount=|-m)(\/.*)\/ns\/mnt$/.exec(word)?.[1];
    if (file !== undefined) entered = file;
    else if (/^--(?!target|all)\w+=\/proc\/(\d{1,9})\/ns\//.test(word))
      target ??= word.split("/")[2];
    else if (name === "-t" || name === "--target") target = value ?? words.shift();
    else if (/^-t\d+$/.test(word)) target = word.slice(2);
    else if (name === "--mount" || name === "-a" || name === "--all") mount = true;
    else if (/^-[muinpCU]+$/.test(word)) mount ||= word.includes("m");
  }
  if (entered !== undefined) return { root: entered, words, entered: true };
  if (target === undefined) return { problem: "nsenter: no target PID specified for --all\n" };
  return { root: mount ? `/proc/${target}/root` : "/", words };
}

function change(sys: Sys, name: string, asked: Asked): number | undefined {
  if ("problem" in asked) {
    sys.complain(asked.problem);
    return 1;
  }
  const { root, entered } = asked;
  try {
    sys.chroot(root, entered);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const what =
      name === "nsenter"
        ? `can't open '${root.replace(/\/root$/, "")}/ns/mnt'`
        : `can't change root directory to '${root}'`;
    sys.complain(`${name}: ${what}: ${error.message}\n`);
    return 1;
  }
  const shell = sys.env.SHELL ?? "/bin/sh";
  const words = asked.words.length > 0 ? asked.words : [shell, "-i"];
  const command = words[0] as string;
  try {
    sys.exec(sys.which(command), words, sys.env);
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.complain(`${name}: can't execute '${command}': ${error.message}\n`);
    return error.code === "ENOENT" ? 127 : 126;
  }
}

/** The program takes the process over at its first step; what it has no state for is the exit code. */
const changer = (name: string, asked: (words: string[]) => Asked): Program<null> => ({
  name,
  start: () => null,
  step(sys) {
    const code = change(sys, name, asked(sys.argv.slice(1)));
    return code === undefined ? undefined : { exit: code };
  },
});

export const rootTools: Program[] = [
  changer("chroot", askedOfChroot),
  changer("nsenter", askedOfNsenter),
];
