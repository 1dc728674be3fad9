/** sudo and su: a command as another user of the machine. Nobody there has a password. */
import { Errno } from "../../errno.ts";
import type { PasswdEntry } from "../../kernel/users.ts";
import type { Program, Sys } from "../../kernel/types.ts";

interface Asked {
  user: string;
  /** A login: home folder, clean environment. */
  login: boolean;
  /** No words: the user's shell. */
  words: string[];
  /** Variables put before a command. */
  env: Record<string, string>;
}

const problem = (text: string, code = 1): { problem: string; code: number } => ({
  problem: text,
  code,
});
type Outcome = Asked | { problem: string; code: number };

function askedOfSudo(words: string[]): Outcome {
  const asked: Asked = { user: "root", login: false, words: [], env: {} };
  const left = [...words];
  let shell = false;
  while (left[0]?.startsWith("-")) {
    const word = left.shift() as string;
    if (word === "--") break;
    if (word === "-u" || word === "--user") asked.user = left.shift() ?? "";
    else if (word.startsWith("--user=")) asked.user = word.slice(7);
    else if (word === "-i" || word === "--login") asked.login = true;
    else if (word === "-s" || word === "--shell") shell = true;
    else if (word === "-l" || word === "--list")
      return problem("sudo: Podyard's sudo lists no rules\n");
    else if (!/^-[nEHkKSAb]+$/.test(word))
      return problem(`sudo: invalid option -- '${word.slice(1)}'\n`);
  }
  while (/^[A-Za-z_]\w*=/.test(left[0] ?? "")) {
    const [name = "", value = ""] = (left.shift() as string).split(/=(.*)/s);
    asked.env[name] = value;
  }
  if (left.length === 0 && !asked.login && !shell)
    return problem(
      "usage: sudo -h | -K | -k | -V\nusage: sudo [-ABbEHnPS] [-g group] [-u user] [VAR=value] [-i | -s] [command [arg ...]]\n",
    );
  return { ...asked, words: left };
}

function askedOfSu(words: string[]): Outcome {
  const asked: Asked = { user: "root", login: false, words: [], env: {} };
  const left = [...words];
  let user: string | undefined;
  while (left.length) {
    const word = left.shift() as string;
    if (word === "-" || word === "-l" || word === "--login") asked.login = true;
    else if (word === "-c" || word === "--command") asked.words = ["-c", left.shift() ?? ""];
    else if (word === "-s" || word === "--shell") left.shift();
    else if (/^(-p|-m|-P|--preserve-environment|--pty)$/.test(word)) continue;
    else if (word.startsWith("-")) return problem(`su: invalid option -- '${word.slice(1)}'\n`);
    else user ??= word;
  }
  return { ...asked, user: user ?? "root" };
}

/** Takes the process over as the user; the exit code where that cannot be done. */
function change(sys: Sys, name: "su" | "sudo", asked: Outcome): number | undefined {
  if ("problem" in asked) {
    sys.complain(asked.problem);
    return asked.code;
  }
  const entry = sys.container.passwd.find((one) => one.name === asked.user);
  if (!entry) {
    const unknown = `user ${asked.user} does not exist or the user entry does not contain all the required fields`;
    sys.complain(name === "su" ? `su: ${unknown}\n` : `sudo: unknown user ${asked.user}\n`);
    return 1;
  }
  if (sys.who.uid !== 0) {
    const own = sys.container.passwd.find(({ uid }) => uid === sys.who.uid)?.name ?? "";
    if (name === "su") {
      sys.complain("su: Authentication failure\n");
      return 1;
    }
    const may = sys.container.groups.some(
      (group) => group.name === "sudo" && group.members.includes(own),
    );
    if (!may && own !== "student") {
      sys.complain(`${own} is not in the sudoers file.\n`);
      return 1;
    }
  }
  const shell = entry.shell || "/bin/sh";
  const words =
    name === "su" || asked.words.length === 0
      ? [shell, ...(asked.login ? ["-l"] : []), ...asked.words]
      : asked.login
        ? [shell, "-l", "-c", asked.words.join(" ")]
        : asked.words;
  return take(sys, name, entry, asked, words);
}

function take(
  sys: Sys,
  name: string,
  entry: PasswdEntry,
  asked: Asked,
  words: string[],
): number | undefined {
  const { process } = sys;
  const before = { ...sys.env };
  const env: Record<string, string> = { ...(asked.login ? {} : before), ...asked.env };
  env["PATH"] = before["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  if (before["TERM"] !== undefined) env["TERM"] = before["TERM"];
  Object.assign(env, {
    HOME: entry.home,
    USER: entry.name,
    LOGNAME: entry.name,
    SHELL: entry.shell,
  });
  const { container } = sys;
  const groups = container.groups.filter(({ members }) => members.includes(entry.name));
  process.uid = entry.uid;
  process.gid = entry.gid;
  process.groups = [entry.gid, ...groups.map(({ gid }) => gid)];
  if (asked.login) {
    if (sys.peek(entry.home)?.type === "d") sys.chdir(entry.home);
    else
      sys.complain(
        `${name}: warning: cannot change directory to ${entry.home}: No such file or directory\n`,
      );
  }
  const command = words[0] as string;
  try {
    sys.exec(sys.which(command, env["PATH"]), words, env);
    return undefined;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.complain(
      name === "sudo" && error.code === "ENOENT"
        ? `sudo: ${command}: command not found\n`
        : `${name}: failed to execute ${command}: ${error.message}\n`,
    );
    return name === "sudo" ? 1 : error.code === "ENOENT" ? 127 : 126;
  }
}

const changer = (name: "su" | "sudo", asked: (words: string[]) => Outcome): Program<null> => ({
  name,
  start: () => null,
  step(sys) {
    const code = change(sys, name, asked(sys.argv.slice(1)));
    return code === undefined ? undefined : { exit: code };
  },
});

export const userTools: Program[] = [changer("sudo", askedOfSudo), changer("su", askedOfSu)];
