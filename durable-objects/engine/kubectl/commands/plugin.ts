/** kubectl plugin list. k8s: kubectl/pkg/cmd/plugin/plugin.go */
import { goQuote } from "../../machinery/field.ts";
import { call, environment, goErrno } from "../asks.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure } from "../errors.ts";
import { commandPath } from "../facts.ts";
import { findCommand } from "../find-command.ts";
import type { Outcome, Work } from "../work.ts";

interface Found {
  path: string;
  name: string;
  executable: boolean;
}

function* inFolder(k: Kubectl, folder: string): Work<Found[]> {
  const done = yield* call((sys) =>
    sys
      .list(folder)
      .toSorted()
      .filter((name) => name.startsWith("kubectl-"))
      .map((name) => ({ name, path: `${folder}/${name}` }))
      .filter(({ path }) => sys.stat(path).type !== "d")
      .map((one) => ({ ...one, executable: (sys.stat(one.path).mode & 0o111) !== 0 })),
  );
  if ("value" in done) return done.value;
  k.err(
    `Unable to read directory ${goQuote(folder)} from your PATH: open ${folder}: ${goErrno[done.errno] ?? done.errno}. Skipping...\n`,
  );
  return [];
}

function warnings(one: Found, seen: Map<string, string>): string[] {
  const out: string[] = [];
  if (!one.executable)
    out.push(`warning: ${one.path} identified as a kubectl plugin, but it is not executable`);
  const before = seen.get(one.name);
  if (before !== undefined)
    out.push(`warning: ${one.path} is overshadowed by a similarly named plugin: ${before}`);
  else seen.set(one.name, one.path);
  const { command } = findCommand(one.name.split("-").slice(1));
  if (command.path !== "")
    out.push(`warning: ${one.name} overwrites existing command: ${goQuote(commandPath(command))}`);
  return out;
}

function* run(k: Kubectl): Work<Outcome> {
  const folders = new Set(((yield* environment())["PATH"] ?? "").split(":"));
  const found: Found[] = [];
  for (const folder of folders)
    if (folder.trim() !== "") found.push(...(yield* inFolder(k, folder)));
  const errors: string[] = [];
  if (found.length > 0) k.out("The following compatible plugins are available:\n\n");
  else errors.push("error: unable to find any kubectl plugins in your PATH");
  const seen = new Map<string, string>();
  let count = 0;
  for (const one of found) {
    k.out(`${k.flags.bool("name-only") ? one.name : one.path}\n`);
    for (const text of warnings(one, seen)) {
      k.err(`  - ${text}\n`);
      count++;
    }
  }
  if (count === 1) errors.push("error: one plugin warning was found");
  else if (count > 1) errors.push(`error: ${count} plugin warnings were found`);
  if (errors.length > 0) throw new Failure(errors.map((text) => `${text}\n`).join(""));
  return 0;
}

export const pluginList: Command = { path: "plugin list", run };
