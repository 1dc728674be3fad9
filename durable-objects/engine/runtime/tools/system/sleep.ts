/** sleep and usleep. */
import type { Program } from "../../kernel/types.ts";
import { duration } from "../durations.ts";
import { tool } from "../tool.ts";

const sleep: Program<{ until: number } | { exitCode: number }> = {
  name: "sleep",
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    const args = sys.argv.slice(1);
    if (args.length === 0) {
      sys.complain(
        "BusyBox v1.37.0 () multi-call binary.\n\nUsage: sleep [N]...\n\nPause for a time equal to the total of the args given, where each arg can\nhave an optional suffix of (s)econds, (m)inutes, (h)ours, or (d)ays\n",
      );
      return { exitCode: 1 };
    }
    let ms = 0;
    for (const arg of args) {
      const part = duration(arg);
      if (part === undefined) {
        sys.complain(`sleep: invalid number '${arg}'\n`);
        return { exitCode: 1 };
      }
      ms += part;
    }
    return { until: (sys.process.localTimeMs ?? sys.now) + ms };
  },
  step(sys, state) {
    if ("exitCode" in state) return { exit: state.exitCode };
    return (sys.process.localTimeMs ?? sys.now) >= state.until
      ? { exit: 0 }
      : { wait: { untilMs: state.until } };
  },
  memoryBytes: () => 262_144,
};

export const sleepTools: Program[] = [sleep, tool("usleep", () => 0)];
