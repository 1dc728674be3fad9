/** env and printenv. */
import { Errno } from "../../errno.ts";
import type { Program } from "../../kernel/types.ts";
import { Io, tool, outputNames, type Output } from "../tool.ts";
import { synopses } from "../usage-facts.ts";
import { usage } from "../words.ts";

const env: Program<Output> = {
  name: "env",
  storedNames: { fields: outputNames },
  start(sys) {
    const words = sys.argv.slice(1);
    let vars = { ...sys.env };
    let i = 0;
    for (; i < words.length; i++) {
      const word = words[i]!;
      if (word === "-" || word === "-i") vars = {};
      else if (/^-[^iu0-]/.test(word)) {
        const io = new Io(sys);
        io.say(`invalid option -- '${word[1]}'`);
        usage(io, `env ${synopses.env}`);
        for (const [, text] of io.pending) sys.complain(text);
        return { exitCode: 1 };
      } else if (word === "-u") delete vars[words[++i] ?? ""];
      else if (word === "--") {
        i++;
        break;
      } else break;
    }
    for (; i < words.length && words[i]!.includes("="); i++) {
      const [name, value] = words[i]!.split(/=(.*)/s);
      vars[name!] = value ?? "";
    }
    const command = words[i];
    if (command === undefined) {
      sys.write(
        1,
        Object.entries(vars)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(""),
      );
      return { exitCode: 0 };
    }
    try {
      sys.exec(sys.which(command, vars.PATH), words.slice(i), vars);
      return sys.process.state as Output;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`env: can't execute '${command}': ${error.message}\n`);
      return { exitCode: error.code === "ENOENT" ? 127 : 126 };
    }
  },
  step: (_sys, state) => ({ exit: state.exitCode ?? 0 }),
};

const printenv = tool("printenv", (io) => {
  if (io.args.length === 0)
    io.out(
      Object.entries(io.sys.env)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
  let code = 0;
  for (const name of io.args) {
    const value = io.sys.env[name];
    if (value === undefined) code = 1;
    else io.out(`${value}\n`);
  }
  return code;
});

export const envTools: Program[] = [env, printenv];
