/** nohup, setsid, nice: something is arranged, then the process becomes another program. */
import { Errno } from "../../errno.ts";
import type { Program } from "../../kernel/types.ts";

const becoming = (
  name: string,
  arrange: (sys: Parameters<Program["start"]>[0], words: string[]) => string[],
): Program<{ exitCode?: number }> => ({
  name,
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    const words = arrange(sys, sys.argv.slice(1));
    const command = words[0];
    if (command === undefined) {
      sys.complain(`BusyBox v1.37.0 () multi-call binary.\n\nUsage: ${name} PROG ARGS\n`);
      return { exitCode: 1 };
    }
    try {
      sys.exec(sys.which(command), words, sys.env);
      return sys.process.state as { exitCode?: number };
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      sys.complain(`${name}: can't execute '${command}': ${error.message}\n`);
      return { exitCode: error.code === "ENOENT" ? 127 : 126 };
    }
  },
  step: (_sys, state) => ({ exit: state.exitCode ?? 0 }),
});

const nohup = becoming("nohup", (sys, words) => {
  sys.process.ignoredSignals = [...(sys.process.ignoredSignals ?? []), 1];
  if (words.length && sys.terminal(1))
    try {
      const fd = sys.open("nohup.out", { write: true, create: true, append: true });
      sys.dup(fd, 1);
      if (sys.terminal(2)) sys.dup(fd, 2);
      sys.close(fd);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  return words;
});

const setsid = becoming("setsid", (sys, words) => {
  sys.process.processGroup = sys.pid;
  return words.filter((word, i) => i > 0 || !/^-[cwf]$/.test(word));
});

const nice = becoming("nice", (_sys, words) =>
  words[0] === "-n" ? words.slice(2) : /^-n?\d/.test(words[0] ?? "") ? words.slice(1) : words,
);

export const nohupTools: Program[] = [nohup, setsid, nice];
