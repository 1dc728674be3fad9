/** install: copies with a mode. */
import { copyTo } from "./cp-mv.ts";
import { parents } from "./mkdir-ln.ts";
import { changeMode } from "./chmod-chown.ts";
import { options } from "../options.ts";
import { tool } from "../tool.ts";
import { base, inFolder, usage } from "../words.ts";

export const install = tool("install", (io) => {
  const opts = options(io, "bcdDsvpm:o:g:t:", {
    directory: "d",
    mode: "m",
    owner: "o",
    group: "g",
  });
  const { container } = io.sys;
  const mode = changeMode(opts.value("m") ?? "755", 0, false, 0) ?? io.fail("invalid mode");
  const id = (letter: string, known: { name: string; id: number }[]): number | undefined => {
    const name = opts.value(letter);
    if (name === undefined) return undefined;
    const found = known.find((one) => one.name === name)?.id;
    return found ?? (/^\d+$/.test(name) ? Number(name) : io.fail(`unknown user ${name}`));
  };
  const uid = id(
    "o",
    container.passwd.map(({ name, uid }) => ({ name, id: uid })),
  );
  const gid = id(
    "g",
    container.groups.map(({ name, gid }) => ({ name, id: gid })),
  );
  const finish = (path: string): void => {
    io.sys.chmod(path, mode);
    if (uid !== undefined || gid !== undefined) io.sys.chown(path, uid, gid);
  };
  let code = 0;
  if (opts.has("d")) {
    for (const path of opts.rest)
      if (!io.try(path, () => (parents(io.sys, path), finish(path)))) code = 1;
    return code;
  }
  const target = opts.value("t") ?? opts.rest.at(-1) ?? "";
  const sources = opts.has("t") ? opts.rest : opts.rest.slice(0, -1);
  if (sources.length === 0)
    return usage(io, "install [-cdDsp] [-o USER] [-g GRP] [-m MODE] [-t DIR] [SOURCE]... DEST");
  const folder = opts.has("t") || sources.length > 1 || io.sys.peek(target)?.type === "d";
  const rules = { recursive: false, preserve: opts.has("p"), follow: true, force: true };
  for (const source of sources) {
    const to = folder ? inFolder(target, base(source)) : target;
    const above = to.includes("/") ? to.slice(0, to.lastIndexOf("/")) : "";
    if (opts.has("D") && above !== "") io.try(above, () => parents(io.sys, above));
    if (!copyTo(io, source, to, rules)) code = 1;
    else if (!io.try(to, () => finish(to))) code = 1;
    else if (opts.has("v")) io.out(`'${source}' -> '${to}'\n`);
  }
  return code;
});
