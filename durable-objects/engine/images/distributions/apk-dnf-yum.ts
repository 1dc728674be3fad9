/** apk, dnf and yum of an image whose mirrors cannot be looked up. */
import { upTo } from "../../core/trim.ts";
import { Errno } from "../../runtime/errno.ts";
import type { Program, Sys } from "../../runtime/kernel/types.ts";
import { tool, type Io } from "../../runtime/tools/tool.ts";
import { aptPrograms } from "./apt.ts";
import { alpinePackages } from "./package-facts.ts";

function linesOf(sys: Sys, path: string): string[] {
  try {
    return sys.readFile(path).split("\n");
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return [];
  }
}

const nameOf = (pkg: string): string => pkg.replace(/-[^-]*-r\d+$/, "");

/** Tries every repository, and says what comes of it; how many there are. */
function fetchAll(io: Io): number {
  const { sys } = io;
  const minor = /^3\.(\d+)/.exec(linesOf(sys, "/etc/alpine-release")[0] ?? "")?.[1];
  const verb = Number(minor ?? 22) >= 19 ? "updating and opening" : "Ignoring";
  const repositories = linesOf(sys, "/etc/apk/repositories")
    .map((line) => line.trim())
    .filter((line) => /^https?:/.test(line));
  for (const repository of repositories) {
    io.out(`fetch ${repository}/x86_64/APKINDEX.tar.gz\n`);
    io.err(`WARNING: ${verb} ${repository}: temporary error (try again later)\n`);
  }
  return repositories.length;
}

function add(io: Io, words: readonly string[]): number {
  const wanted = words.map((word) => upTo(word, "<>=~@"));
  const missing = wanted.filter((name) => !alpinePackages.some((pkg) => nameOf(pkg) === name));
  fetchAll(io);
  if (missing.length === 0) {
    io.out(`OK: 8 MiB in ${alpinePackages.length} packages\n`);
    return 0;
  }
  io.err("ERROR: unable to select packages:\n");
  for (const name of [...new Set(missing)].sort())
    io.err(`  ${name} (no such package):\n    required by: world[${name}]\n`);
  return missing.length;
}

const apk = tool("apk", (io) => {
  const { sys } = io;
  const words: string[] = [];
  const argv = sys.argv.slice(1);
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (/^(-t|--virtual|-p|--root|-X|--repository|--arch)$/.test(word)) i++;
    else if (!word.startsWith("-")) words.push(word);
  }
  const [verb, ...rest] = words;
  if (argv.includes("--version") || argv.includes("-V"))
    return void io.out("apk-tools 2.14.9, compiled for x86_64.\n");
  if (sys.who.uid !== 0 && /^(add|del|update|upgrade|fix)$/.test(verb ?? "")) {
    io.err(
      "ERROR: Unable to lock database: Permission denied\nERROR: Failed to open apk database: Permission denied\n",
    );
    return 99;
  }
  switch (verb) {
    case "add":
      return add(io, rest);
    case "update":
    case "upgrade": {
      const count = fetchAll(io);
      const known = alpinePackages.length;
      if (verb === "upgrade") return void io.out(`OK: 8 MiB in ${known} packages\n`);
      io.out(`${count} unavailable, 0 stale; ${known} distinct packages available\n`);
      return count;
    }
    case "info":
    case "list":
      for (const pkg of alpinePackages)
        if (rest.length === 0) io.out(`${verb === "info" ? nameOf(pkg) : pkg}\n`);
        else if (rest.includes(nameOf(pkg))) io.out(`${pkg} installed\n`);
      return 0;
    case "del":
      for (const name of rest)
        if (alpinePackages.some((pkg) => nameOf(pkg) === name)) {
          io.err(`ERROR: this sandbox cannot remove packages: ${name}\n`);
          return 1;
        }
      return void io.out(`OK: 8 MiB in ${alpinePackages.length} packages\n`);
    case "search":
    case "cache":
      fetchAll(io);
      return 0;
    default:
      io.out(
        "apk-tools 2.14.9, compiled for x86_64.\n\nusage: apk [<OPTIONS>...] COMMAND [<ARGUMENTS>...]\n",
      );
      return 1;
  }
});

interface Mirror {
  /** As a table of repositories shows it. */
  title: string;
  id: string;
  url: string;
}

const mirrors: Record<string, Mirror> = {
  fedora: {
    title: "Fedora 43 - x86_64",
    id: "fedora",
    url: "https://mirrors.fedoraproject.org/metalink?repo=fedora-43&arch=x86_64",
  },
  rocky: {
    title: "Rocky Linux 9 - BaseOS",
    id: "baseos",
    url: "https://mirrors.rockylinux.org/mirrorlist?arch=x86_64&repo=BaseOS-9",
  },
  amzn: {
    title: "Amazon Linux 2023 repository",
    id: "amazonlinux",
    url: "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list",
  },
  centos: {
    title: "base",
    id: "base",
    url: "http://mirrorlist.centos.org/?release=7&arch=x86_64&repo=os&infra=container",
  },
};

const here = new Set(
  "bash coreutils curl grep sed tar gzip findutils glibc rpm dnf yum microdnf".split(" "),
);

const manager = (name: "dnf" | "yum"): Program =>
  tool(name, (io) => {
    const { sys } = io;
    const id = /^ID="?(\w+)/m.exec(linesOf(sys, "/etc/os-release").join("\n"))?.[1] ?? "fedora";
    const mirror = mirrors[id] ?? (mirrors.rocky as Mirror);
    const host = upTo(mirror.url.replace(/^https?:\/\//, ""), "/");
    const [verb, ...words] = sys.argv.slice(1).filter((word) => !word.startsWith("-"));
    if (verb === undefined) {
      io.out(`usage: ${name} [options] COMMAND\n`);
      return 1;
    }
    if (verb === "clean" || (verb === "list" && words[0] === "installed")) return 0;
    if (sys.who.uid !== 0 && verb !== "search" && verb !== "info") {
      io.err(
        name === "yum"
          ? "You need to be root to perform this command.\n"
          : "Error: This command has to be run with superuser privileges (under the root user on most systems).\n",
      );
      return 1;
    }
    if (verb === "install" && words.length && words.every((word) => here.has(word))) {
      for (const word of words) io.out(`Package ${word} is already installed.\n`);
      io.out("Dependencies resolved.\nNothing to do.\nComplete!\n");
      return 0;
    }
    if (name === "yum") {
      io.out("Loaded plugins: fastestmirror, ovl\nDetermining fastest mirrors\n");
      io.err(
        `Could not retrieve mirrorlist ${mirror.url} error was\n14: curl#6 - "Could not resolve host: ${host}; Unknown error"\n\nCannot find a valid baseurl for repo: ${mirror.id}/7/x86_64\n`,
      );
      return 1;
    }
    const failed = `Curl error (6): Couldn't resolve host name for ${mirror.url} [Could not resolve host: ${host}]`;
    io.out(`${mirror.title.padEnd(47)} 0.0  B/s |   0  B     00:00    \n`);
    io.err(
      `Errors during downloading metadata for repository '${mirror.id}':\n  - ${failed}\nError: Failed to download metadata for repo '${mirror.id}': Cannot prepare internal mirrorlist: ${failed}\n`,
    );
    return 1;
  });

export const packageManagers: Program[] = [...aptPrograms, apk, manager("dnf"), manager("yum")];
