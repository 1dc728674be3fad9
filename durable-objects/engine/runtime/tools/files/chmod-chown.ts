/** chmod, chown, chgrp. */
import type { Program, Sys } from "../../kernel/types.ts";
import { modeText } from "./ls.ts";
import { options } from "../options.ts";
import { tool } from "../tool.ts";
import { synopses } from "../usage-facts.ts";
import { inFolder, usage } from "../words.ts";

/** `u+x`, `go-w`, `755`, `a=rX`: the mode that comes of it, or undefined. */
export function changeMode(
  text: string,
  old: number,
  folder: boolean,
  umask: number,
): number | undefined {
  if (/^[0-7]{1,4}$/.test(text)) return parseInt(text, 8);
  let mode = old;
  for (const clause of text.split(",")) {
    const match = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/.exec(clause);
    if (!match) return undefined;
    const who = match[1] === "" || match[1]!.includes("a") ? "ugo" : match[1]!;
    for (const [, op, letters = ""] of match[2]!.matchAll(/([-+=])([rwxXstugo]*)/g)) {
      let bits = 0;
      for (const letter of letters) {
        if (letter === "r") bits |= 0o444;
        else if (letter === "w") bits |= 0o222;
        else if (letter === "x" || (letter === "X" && (folder || old & 0o111))) bits |= 0o111;
        else if ("ugo".includes(letter))
          bits |= ((old >> { u: 6, g: 3, o: 0 }[letter as "u"]) & 7) * 0o111;
      }
      let mask = 0;
      let set = 0;
      if (who.includes("u")) [mask, set] = [mask | 0o700, set | 0o4000];
      if (who.includes("g")) [mask, set] = [mask | 0o070, set | 0o2000];
      if (who.includes("o")) [mask, set] = [mask | 0o007, set | 0o1000];
      // What is set anew loses its special bits as well.
      if (op === "=") mode &= ~set;
      if (match[1] === "") mask &= ~umask;
      if (letters.includes("s")) {
        const special = (who.includes("u") ? 0o4000 : 0) | (who.includes("g") ? 0o2000 : 0);
        mode = op === "-" ? mode & ~special : mode | special;
      }
      if (letters.includes("t")) mode = op === "-" ? mode & ~0o1000 : mode | 0o1000;
      if (op === "+") mode |= bits & mask;
      else if (op === "-") mode &= ~(bits & mask);
      else mode = (mode & ~mask) | (bits & mask);
    }
  }
  return mode;
}

/** Runs `act` on a path and all below it, folders before (or with `after` behind) their content. */
export function walk(
  sys: Sys,
  path: string,
  act: (path: string, type: string) => void,
  after = false,
): void {
  const type = sys.stat(path, false).type;
  if (!after) act(path, type);
  if (type === "d") for (const name of sys.list(path)) walk(sys, inFolder(path, name), act, after);
  if (after) act(path, type);
}

const chmod = tool("chmod", (io) => {
  const letters = io.args.filter((arg) => /^-[Rvcf]+$/.test(arg)).join("");
  const [mode, ...files] = io.args.filter((arg) => !/^-[Rvcf]+$/.test(arg) && arg !== "--");
  if (mode === undefined || files.length === 0)
    return usage(io, "chmod [-Rcvf] MODE[,MODE]... FILE...");
  let code = 0;
  const one = (path: string): void => {
    const stat = io.sys.stat(path);
    const made = changeMode(mode, stat.mode, stat.type === "d", io.sys.umask);
    if (made === undefined) io.fail(`invalid mode '${mode}'`);
    if (made === undefined) return;
    io.sys.chmod(path, made);
    if (!letters.includes("v") && !(letters.includes("c") && made !== stat.mode)) return;
    const shown = modeText({ type: "f", mode: made }).slice(1);
    io.out(`mode of '${path}' changed to 0${made.toString(8).padStart(3, "0")} (${shown})\n`);
  };
  for (const path of files) {
    const done = io.try(path, () =>
      letters.includes("R") ? walk(io.sys, path, (at, type) => type !== "l" && one(at)) : one(path),
    );
    if (!done) code = 1;
  }
  return code;
});

const chown = (name: "chown" | "chgrp"): Program =>
  tool(name, (io) => {
    const opts = options(io, "RhLHPcvf");
    const [owner, ...files] = opts.rest;
    if (owner === undefined || files.length === 0) return usage(io, `${name} ${synopses[name]}`);
    const [user = "", group] = name === "chgrp" ? ["", owner] : owner.split(/[:.]/);
    const { container } = io.sys;
    const unknown = (what: string, word: string): never =>
      io.fail(user && group ? `unknown user/group ${owner}` : `unknown ${what} ${word}`);
    const entry = container.passwd.find((one) => one.name === user);
    const uid =
      user === ""
        ? undefined
        : (entry?.uid ?? (/^\d+$/.test(user) ? Number(user) : unknown("user", user)));
    // `user:` means the user's own group.
    const gid = !group
      ? group === ""
        ? entry?.gid
        : undefined
      : (container.groups.find((one) => one.name === group)?.gid ??
        (/^\d+$/.test(group) ? Number(group) : unknown("group", group)));
    let code = 0;
    const one = (path: string): void => io.sys.chown(path, uid, gid, !opts.has("h"));
    for (const path of files)
      if (!io.try(path, () => (opts.has("R") ? walk(io.sys, path, one) : one(path)))) code = 1;
    return code;
  });

export const modeTools: Program[] = [chmod, chown("chown"), chown("chgrp")];
