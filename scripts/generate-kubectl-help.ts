import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./root.ts";

/**
 * Writes what engine/kubectl knows of kubectl's commands: their words, texts, flags and defaults. The program in
 * kubectl-facts/ prints them out of the module k8s.io/kubectl (Apache-2.0) at the version that its go.mod names; it needs Go.
 * The groups of the root's help are read from the help itself, which `KUBECTL` (default `kubectl`) prints.
 */

interface Flag {
  Name: string;
  Shorthand: string;
  Type: string;
  Default: string;
  Usage: string;
  Alone: string;
  Deprecated: string;
  Hidden: boolean;
}

interface Command {
  Use: string;
  Short: string;
  Long: string;
  Example: string;
  Deprecated: string;
  Aliases: string[] | null;
  SuggestFor: string[] | null;
  Hidden: boolean;
  Runnable: boolean;
  Flags: Flag[];
  Persistent: Flag[];
  Commands: Command[] | null;
}

/** The home folder of whoever generates is nobody's in a cluster. */
const homeless = (text: string): string => text.replaceAll(process.env["HOME"] ?? "\0", "$HOME");

const flags: unknown[] = [];
const known = new Map<string, number>();

function flagIndex(flag: Flag): number {
  const row: unknown[] = [
    flag.Name,
    flag.Shorthand,
    flag.Type,
    homeless(flag.Default),
    flag.Usage,
    flag.Alone,
    flag.Hidden ? 1 : 0,
    flag.Deprecated,
  ];
  while (row.length > 5 && !row.at(-1)) row.pop();
  const text = JSON.stringify(row);
  let index = known.get(text);
  if (index === undefined) {
    known.set(text, (index = flags.length));
    flags.push(row);
  }
  return index;
}

function stored(command: Command): Record<string, unknown> {
  const out: Record<string, unknown> = { u: command.Use };
  const put = (key: string, value: unknown, empty: boolean): void => {
    if (!empty) out[key] = value;
  };
  put("a", command.Aliases, !command.Aliases?.length);
  put("g", command.SuggestFor, !command.SuggestFor?.length);
  put("s", command.Short, !command.Short);
  put("l", command.Long, !command.Long);
  put("e", command.Example, !command.Example);
  put("h", 1, !command.Hidden);
  put("d", command.Deprecated, !command.Deprecated);
  put("r", 1, !command.Runnable);
  put("f", command.Flags.map(flagIndex), command.Flags.length === 0);
  put("p", command.Persistent.map(flagIndex), command.Persistent.length === 0);
  put("c", (command.Commands ?? []).map(stored), !command.Commands?.length);
  return out;
}

/** Headings of `kubectl --help` and the commands below them. */
function groups(): [string, string[]][] {
  const help = execFileSync(process.env["KUBECTL"] ?? "kubectl", ["--help"], { encoding: "utf8" });
  const out: [string, string[]][] = [];
  for (const line of help.split("\n")) {
    if (line.startsWith("Usage:")) break;
    const name = /^ {2}([a-z-]+) {2}/.exec(line)?.[1];
    if (/^\S.*:$/.test(line)) out.push([line, []]);
    else if (name) out.at(-1)?.[1].push(name);
  }
  return out;
}

const printed = execFileSync("go", ["run", "."], {
  cwd: path.join(root, "scripts/kubectl-facts"),
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
});
const tree = stored(JSON.parse(printed) as Command);
writeFileSync(
  path.join(root, "durable-objects/engine/kubectl/help-facts.json"),
  `${JSON.stringify({ groups: groups(), flags, root: tree })}\n`,
);
