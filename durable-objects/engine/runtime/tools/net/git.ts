/**
 * git, of a world without repositories: what is asked of a remote one fails in git's own words, since its host cannot be
 * found or has none. A repository of one's own can be begun, and nothing lies in any.
 */
import { connectText } from "./web-client.ts";
import { connect, lookUp } from "../../net/socket.ts";
import { trimEndOf } from "../../../core/trim.ts";
import { Errno } from "../../errno.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Program, Sys } from "../../kernel/types.ts";

interface GitState {
  /** The remote repository that is asked for, and when the name server is given up. */
  url?: string;
  lost?: number;
  exitCode?: number;
}

const usage =
  "usage: git [-v | --version] [-h | --help] [-C <path>] [-c <name>=<value>]\n" +
  "           [--exec-path[=<path>]] [--html-path] [--man-path] [--info-path]\n" +
  "           [-p | --paginate | -P | --no-pager] [--no-replace-objects] [--no-lazy-fetch]\n" +
  "           [--no-optional-locks] [--no-advice] [--bare] [--git-dir=<path>]\n" +
  "           [--work-tree=<path>] [--namespace=<name>] [--config-env=<name>=<envvar>]\n" +
  "           <command> [<args>]\n";

/** Options of a command that take the word behind them. */
const valued = /^(-b|--branch|--depth|-o|--origin|-c|--config|-j|--jobs|--filter|-u|--reference|--template|--initial-branch|--separate-git-dir|--shallow-since)$/; // prettier-ignore

/** Words of a command that are no options. */
function plainWords(words: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < words.length; i++) {
    if (valued.test(words[i] ?? "")) i++;
    else if (!words[i]?.startsWith("-")) out.push(words[i] ?? "");
  }
  return out;
}

interface Remote {
  host: string;
  port: number;
  protocol: "http" | "ssh" | "git";
  /** As it is shown: with a slash at its end. */
  shown: string;
}

function remoteOf(url: string): Remote | undefined {
  const web = /^(https?|git|ssh):\/\/(?:[^@/]*@)?([^/:]+)(?::(\d+))?/.exec(url);
  const [, scheme = "", host = "", port] = web ?? [];
  const shown = url.replace(/\/\/[^@/]*@/, "//").replace(/\/?$/, "/");
  if (scheme === "git") return { host, port: Number(port ?? 9418), protocol: "git", shown };
  if (scheme === "ssh") return { host, port: Number(port ?? 22), protocol: "ssh", shown };
  if (scheme !== "")
    return { host, port: Number(port ?? (scheme === "https" ? 443 : 80)), protocol: "http", shown };
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)/.exec(url);
  return scp ? { host: scp[1] ?? "", port: 22, protocol: "ssh", shown } : undefined;
}

const noRights =
  "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n";

/** What git says of a host without a name, or one that does not answer. */
function complaint(sys: Sys, remote: Remote, why: string): string {
  const { host, port, protocol, shown } = remote;
  const musl = sys.peek("/etc/alpine-release");
  const nameless = musl ? "Name does not resolve" : "Name or service not known";
  const text = connectText[why] ?? "Connection reset by peer";
  if (protocol === "ssh")
    return why === "unknown"
      ? `ssh: Could not resolve hostname ${host}: ${nameless}\n${noRights}`
      : `ssh: connect to host ${host} port ${port}: ${text}\n${noRights}`;
  if (protocol === "git")
    return why === "unknown"
      ? `fatal: unable to look up ${host} (port ${port}) (${nameless})\n`
      : `fatal: unable to connect to ${host}:\n${host}: errno=${text}\n\n`;
  return why === "unknown"
    ? `fatal: unable to access '${shown}': Could not resolve host: ${host}\n`
    : `fatal: unable to access '${shown}': Failed to connect to ${host} port ${port} after 1 ms: Could not connect to server\n`;
}

/** Asks a remote host: nobody there has a repository. */
function ask(sys: Sys, state: GitState, url: string): Step {
  const remote = remoteOf(url);
  if (!remote) {
    sys.complain(`fatal: repository '${url}' does not exist\n`);
    return { exit: 128 };
  }
  const ips = lookUp(sys, remote.host);
  if (ips === "timeout" && sys.now < (state.lost ??= sys.now + 10_000))
    return { wait: { untilMs: state.lost } };
  const fail = (text: string): Step => {
    sys.complain(text);
    return { exit: 128 };
  };
  if (typeof ips === "string") return fail(complaint(sys, remote, "unknown"));
  const connected = connect(sys, ips[0] as string, remote.port);
  if ("wait" in connected) return { wait: connected.wait };
  if ("error" in connected) return fail(complaint(sys, remote, connected.error));
  sys.close(connected.fd);
  return fail(
    remote.protocol === "http" ? `fatal: repository '${remote.shown}' not found\n` : noRights,
  );
}

/** Whether the folder lies in a repository. */
function inRepository(sys: Sys): boolean {
  for (let at = sys.cwd; ; at = at.replace(/\/[^/]*$/, "")) {
    if (sys.peek(`${at}/.git`)) return true;
    if (at === "") return false;
  }
}

function init(sys: Sys, folder: string): number {
  const at = folder === "" || folder === "." ? sys.cwd : folder;
  const path = at.startsWith("/") ? at : `${sys.cwd.replace(/\/$/, "")}/${at}`;
  const before = sys.peek(`${path}/.git`) !== undefined;
  try {
    for (const one of ["", "/.git", "/.git/refs", "/.git/refs/heads", "/.git/objects"])
      if (!sys.peek(path + one)) sys.mkdir(path + one);
    if (!before) sys.writeFile(`${path}/.git/HEAD`, "ref: refs/heads/master\n");
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.complain(`fatal: cannot mkdir ${path}: ${error.message}\n`);
    return 128;
  }
  sys.write(1, `${before ? "Reinitialized existing" : "Initialized empty"} Git repository in ${path}/.git/\n`); // prettier-ignore
  return 0;
}

function clone(sys: Sys, words: readonly string[]): GitState {
  const [url, folder] = plainWords(words);
  if (url === undefined) {
    sys.complain("fatal: You must specify a repository to clone.\n\nusage: git clone [<options>] [--] <repo> [<dir>]\n"); // prettier-ignore
    return { exitCode: 129 };
  }
  const target = folder ?? trimEndOf(url, "/").replace(/^.*[/:]/, "").replace(/\.git$/, ""); // prettier-ignore
  const there = sys.peek(target);
  if (there && (there.type !== "d" || sys.list(target).length > 0)) {
    sys.complain(`fatal: destination path '${target}' already exists and is not an empty directory.\n`); // prettier-ignore
    return { exitCode: 128 };
  }
  if (!words.some((word) => word === "-q" || word === "--quiet"))
    sys.complain(`Cloning into '${target}'...\n`);
  return { url };
}

function begin(sys: Sys): GitState {
  const words = sys.argv.slice(1);
  while (words[0]?.startsWith("-") && !/^(-v|--version|-h|--help)$/.test(words[0])) {
    const flag = words.shift();
    const value = flag === "-C" || flag === "-c" ? words.shift() : undefined;
    if (flag !== "-C" || value === undefined) continue;
    try {
      sys.chdir(value);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`fatal: cannot change to '${value}': ${error.message}\n`);
      return { exitCode: 128 };
    }
  }
  const [verb = "", ...rest] = words;
  switch (verb) {
    case "":
    case "-h":
    case "--help":
    case "help":
      sys.write(1, usage);
      return { exitCode: verb === "" ? 1 : 0 };
    case "-v":
    case "--version":
    case "version":
      sys.write(1, "git version 2.49.1\n");
      return { exitCode: 0 };
    case "clone":
      return clone(sys, rest);
    case "ls-remote": {
      const [url] = plainWords(rest);
      if (url !== undefined) return { url };
      sys.complain("fatal: No remote configured to list refs from.\n");
      return { exitCode: 128 };
    }
    case "init":
      return { exitCode: init(sys, plainWords(rest)[0] ?? "") };
    case "config":
      // Settings of the user: nothing here reads them.
      if (rest.some((word) => word === "--global" || word === "--system")) return { exitCode: 0 };
  }
  if (!inRepository(sys)) {
    sys.complain("fatal: not a git repository (or any of the parent directories): .git\n");
    return { exitCode: 128 };
  }
  const url = plainWords(rest).find((word) => remoteOf(word));
  if (/^(fetch|pull|push)$/.test(verb) && url !== undefined) return { url };
  if (/^(config|remote|add)$/.test(verb)) return { exitCode: 0 };
  sys.complain(`git: this sandbox begins repositories and keeps nothing in them; it cannot run: git ${verb.slice(0, 60)}\n`); // prettier-ignore
  return { exitCode: 1 };
}

export const git: Program<GitState> = {
  name: "git",
  storedNames: { fields: { exitCode: "x" } },
  start: begin,
  step: (sys, state) =>
    state.exitCode === undefined ? ask(sys, state, state.url ?? "") : { exit: state.exitCode },
};
