/** apt, apt-get, apt-cache and dpkg of an image whose mirrors cannot be looked up: installed packages are listed, nothing can be downloaded. */
import { upTo } from "../../core/trim.ts";
import { Errno } from "../../runtime/errno.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import { steps, tool, type Io } from "../../runtime/tools/tool.ts";
import { debianExtras, debianPackages, debianVersions } from "./package-facts.ts";

interface Release {
  id: string;
  codename: string;
}

function releaseOf(sys: Sys): Release {
  const text = textOf(sys, "/etc/os-release");
  return {
    id: /^ID=(\w+)$/m.exec(text)?.[1] ?? "debian",
    codename: /^VERSION_CODENAME=(\w+)$/m.exec(text)?.[1] ?? "bookworm",
  };
}

function textOf(sys: Sys, path: string): string {
  try {
    return sys.readFile(path);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return "";
  }
}

interface Package {
  name: string;
  version: string;
  about: string;
}

/** What the image has: the packages of its release, and those of tools that lie in it. */
function installed(sys: Sys, { codename, id }: Release): Package[] {
  const versions = (debianVersions[codename] ?? debianVersions.bookworm ?? "").split(" ");
  const base = Object.entries(debianPackages).map(([name, about], i) => ({
    name,
    version: versions[i] ?? "",
    about: id === "ubuntu" ? about.replace(/^Debian base/, "Ubuntu base") : about,
  }));
  const extras = Object.entries(debianExtras)
    .filter(([path]) => sys.peek(path) !== undefined)
    .map(([, [name, about]]) => ({ name, version: `1-1+${id}`, about }));
  return [...base, ...extras].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const versionOf = (sys: Sys, name: string): string =>
  installed(sys, releaseOf(sys)).find((one) => one.name === name)?.version ?? "";

/** Whether apt asks three times again: since 2.3.2. */
const asksAgain = (version: string): boolean => Number.parseFloat(version) >= 2.4;

interface Source {
  url: string;
  host: string;
  suite: string;
}

function sourcesOf({ id, codename }: Release): Source[] {
  if (id === "ubuntu")
    return ["", "-updates", "-backports", "-security"].map((part) => {
      const host = part === "-security" ? "security.ubuntu.com" : "archive.ubuntu.com";
      return { url: `http://${host}/ubuntu`, host, suite: codename + part };
    });
  const host = "deb.debian.org";
  const security = codename === "buster" ? `${codename}/updates` : `${codename}-security`;
  return [
    { url: `http://${host}/debian`, host, suite: codename },
    { url: `http://${host}/debian`, host, suite: `${codename}-updates` },
    { url: `http://${host}/debian-security`, host, suite: security },
  ];
}

interface State {
  output?: [number, string][];
  exitCode?: number;
  /** Rounds over the sources that are left. */
  left?: number;
  at?: number;
}

const done = (sys: Sys): string => (sys.terminal(1) ? " Done\n" : "\n");
const lists = (sys: Sys): string => `Reading package lists...${done(sys)}`;
const tree = (sys: Sys): string =>
  `${lists(sys)}Building dependency tree...${done(sys)}Reading state information...${done(sys)}`;

/** Only root takes apt's locks. */
function locked(io: Io, act: "update" | "install"): boolean {
  if (io.sys.who.uid === 0) return false;
  if (act === "update") {
    io.out(lists(io.sys));
    io.err(
      "E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\nE: Unable to lock directory /var/lib/apt/lists/\n",
    );
  } else
    io.err(
      "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n",
    );
  return true;
}

const nothingToDo = "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n";

/** How an error begins: apt 3 spells it out for people. */
const errorWord = (io: Io): string =>
  io.sys.argv[0]?.endsWith("apt") && versionOf(io.sys, "apt").startsWith("3.") ? "Error" : "E";

function installWords(io: Io, verb: string, words: readonly string[]): number {
  const { sys } = io;
  if (locked(io, "install")) return 100;
  io.out(tree(sys));
  const all = installed(sys, releaseOf(sys));
  const missing: string[] = [];
  const here: string[] = [];
  for (const word of words) {
    const name = upTo(word, "=/:");
    const found = all.find((one) => one.name === name);
    if (!found) missing.push(name);
    else if (verb === "install" || verb === "reinstall")
      io.out(`${name} is already the newest version (${found.version}).\n`);
    else here.push(name);
  }
  for (const name of missing) io.err(`${errorWord(io)}: Unable to locate package ${name}\n`);
  if (missing.length) return 100;
  if (here.length) {
    io.err(`${errorWord(io)}: This sandbox cannot remove packages: ${here.join(" ")}\n`);
    return 100;
  }
  io.out(nothingToDo);
  return 0;
}

const valueOptions = /^(-t|-o|-c|-a|--option|--config-file|--target-release|--default-release)$/;

/** Words that are no options. */
function plain(argv: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (valueOptions.test(word)) i++;
    else if (!word.startsWith("-")) out.push(word);
  }
  return out;
}

function beginUpdate(io: Io, state: State): void {
  if (locked(io, "update")) state.exitCode = 100;
  else state.left = asksAgain(versionOf(io.sys, "apt")) ? 4 : 1;
}

/** One round over the sources: not found, and in the last one given up. */
function updateRound(sys: Sys, io: Io, state: State): void {
  const sources = sourcesOf(releaseOf(sys));
  const last = state.left === 1;
  const why = (source: Source): string => `Temporary failure resolving '${source.host}'`;
  sources.forEach((source, i) => {
    const line = `${last ? "Err" : "Ign"}:${i + 1} ${source.url} ${source.suite} InRelease\n`;
    io.out(last ? `${line}  ${why(source)}\n` : line);
  });
  state.left = (state.left ?? 1) - 1;
  state.at = sys.now + 1000;
  if (!last) return;
  const apt = sys.argv[0]?.endsWith("apt");
  io.out(apt ? `${tree(sys)}All packages are up to date.\n` : lists(sys));
  const warning = errorWord(io) === "Error" ? "Warning" : "W";
  for (const source of sources)
    io.err(
      `${warning}: Failed to fetch ${source.url}/dists/${source.suite}/InRelease  ${why(source)}\n`,
    );
  io.err(
    `${warning}: Some index files failed to download. They have been ignored, or old ones used instead.\n`,
  );
  state.exitCode = 0;
}

function listPackages(io: Io): number {
  const { sys } = io;
  const release = releaseOf(sys);
  io.out("Listing...\n");
  const origin = release.id === "ubuntu" ? release.codename : "now";
  if (sys.argv.includes("--installed"))
    for (const { name, version } of installed(sys, release))
      io.out(`${name}/${origin} ${version} amd64 [installed]\n`);
  return 0;
}

function policy(io: Io, words: readonly string[]): number {
  const all = installed(io.sys, releaseOf(io.sys));
  for (const name of words) {
    const found = all.find((one) => one.name === name);
    if (found)
      io.out(
        `${name}:\n  Installed: ${found.version}\n  Candidate: ${found.version}\n  Version table:\n *** ${found.version} 100\n        100 /var/lib/dpkg/status\n`,
      );
    else io.err(`N: Unable to locate package ${name}\n`);
  }
  return 0;
}

function apt(io: Io, state: State): number | undefined {
  const { sys } = io;
  const name = (sys.argv[0] ?? "apt").replace(/^.*\//, "");
  if (name === "apt" && !sys.terminal(1))
    io.err("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n");
  if (sys.argv.some((word) => word === "-v" || word === "--version")) {
    io.out(`apt ${versionOf(sys, "apt")} (amd64)\n`);
    return 0;
  }
  const [verb, ...words] = plain(sys.argv);
  switch (verb) {
    case undefined:
    case "help":
      io.out(`apt ${versionOf(sys, "apt")} (amd64)\nUsage: ${name} [options] command\n`);
      return 0;
    case "update":
      return void beginUpdate(io, state);
    case "install":
    case "reinstall":
    case "remove":
    case "purge":
    case "build-dep":
      return installWords(io, verb, words);
    case "upgrade":
    case "full-upgrade":
    case "dist-upgrade":
      if (locked(io, "install")) return 100;
      io.out(`${tree(sys)}Calculating upgrade...${done(sys)}${nothingToDo}`);
      return 0;
    case "autoremove":
    case "autopurge":
      if (locked(io, "install")) return 100;
      io.out(`${tree(sys)}${nothingToDo}`);
      return 0;
    case "clean":
    case "autoclean":
    case "check":
    case "search":
      return 0;
    case "list":
      return listPackages(io);
    case "policy":
      return policy(io, words);
    case "show":
    case "download":
      for (const word of words) io.err(`${errorWord(io)}: No packages found: ${word}\n`);
      return 100;
    default:
      io.err(`${errorWord(io)}: Invalid operation ${verb}\n`);
      return 100;
  }
}

const aptTool = (name: string): Program<State> =>
  steps<State>(name, {
    first: () => ({}),
    begin(io, state) {
      const code = apt(io, state);
      if (code !== undefined) state.exitCode = code;
    },
    step(sys, io, state) {
      if (state.at !== undefined && sys.now < state.at) return { wait: { untilMs: state.at } };
      updateRound(sys, io, state);
      return undefined;
    },
  });

const pad = (cells: readonly string[], widths: readonly number[]): string =>
  cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" ");

/** A pattern of dpkg's: `*` and `?` alone mean something. */
function matches(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const [first = "", ...rest] = pattern.split("*");
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const [i, part] of rest.entries()) {
    const found = i === rest.length - 1 ? name.lastIndexOf(part) : name.indexOf(part, at);
    if (found < at) return false;
    at = found + part.length;
  }
  return rest.length === 0 || rest.at(-1) === "" || at === name.length;
}

function dpkgList(io: Io, patterns: readonly string[]): number {
  const all = installed(io.sys, releaseOf(io.sys));
  const shown = patterns.length
    ? all.filter(({ name }) => patterns.some((pattern) => matches(pattern, name)))
    : all;
  const cells = shown.map(({ name, version, about }) => [
    name === "libc6" ? "libc6:amd64" : name,
    version,
    "amd64",
    about,
  ]);
  const widths = [14, 12, 12, 33].map((least, i) =>
    Math.max(least, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  if (shown.length) {
    io.out(
      "Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n",
    );
    io.out(
      `||/ ${pad(["Name", "Version", "Architecture", "Description"], [...widths.slice(0, 3), 0])}\n`,
    );
    io.out(`+++-${widths.map((width) => "=".repeat(width)).join("-")}\n`);
    for (const row of cells) io.out(`ii  ${pad(row, [...widths.slice(0, 3), 0])}\n`);
  }
  let code = 0;
  for (const pattern of patterns)
    if (!all.some(({ name }) => matches(pattern, name))) {
      io.err(`dpkg-query: no packages found matching ${pattern}\n`);
      code = 1;
    }
  return code;
}

function dpkgStatus(io: Io, names: readonly string[]): number {
  const all = installed(io.sys, releaseOf(io.sys));
  let code = 0;
  for (const name of names) {
    const found = all.find((one) => one.name === name);
    if (found)
      io.out(
        `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${found.version}\nDescription: ${found.about}\n`,
      );
    else {
      io.err(
        `dpkg-query: package '${name}' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files.\n`,
      );
      code = 1;
    }
  }
  return code;
}

const dpkg = tool("dpkg", (io) => {
  const [verb = "", ...words] = io.sys.argv.slice(1);
  if (verb === "-l" || verb === "--list") return dpkgList(io, words);
  if (verb === "-s" || verb === "--status") return dpkgStatus(io, words);
  if (verb === "--print-architecture") return void io.out("amd64\n");
  if (verb === "--get-selections") {
    for (const { name } of installed(io.sys, releaseOf(io.sys)))
      io.out(`${name.padEnd(47)} install\n`);
    return 0;
  }
  if (verb === "--version")
    return void io.out(
      `Debian 'dpkg' package management program version ${versionOf(io.sys, "dpkg")} (amd64).\n`,
    );
  if (verb === "-i" || verb === "--install") {
    const absent = words.find((word) => !io.sys.peek(word));
    io.err(
      absent === undefined
        ? "dpkg: error: this sandbox cannot unpack packages\n"
        : `dpkg: error: cannot access archive '${absent}': No such file or directory\n`,
    );
    return 2;
  }
  io.err(
    "dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\n",
  );
  return 2;
});

export const aptPrograms: Program[] = [aptTool("apt"), dpkg];
