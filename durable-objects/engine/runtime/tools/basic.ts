/** The smallest tools. */
import type { Program } from "../program.ts";
import { stream, tool } from "./tool.ts";

const duration = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text);
  if (!match) return text === "infinity" || text === "inf" ? Infinity : undefined;
  return Number(match[1]) * 1000 * { s: 1, m: 60, h: 3600, d: 86_400, "": 1 }[match[2] as "s"];
};

const sleep: Program<{ until: number } | { x: number }> = {
  name: "sleep",
  start(sys) {
    const args = sys.argv.slice(1);
    if (args.length === 0) {
      sys.complain(
        "BusyBox v1.37.0 () multi-call binary.\n\nUsage: sleep [N]...\n\nPause for a time equal to the total of the args given, where each arg can\nhave an optional suffix of (s)econds, (m)inutes, (h)ours, or (d)ays\n",
      );
      return { x: 1 };
    }
    let ms = 0;
    for (const arg of args) {
      const part = duration(arg);
      if (part === undefined) {
        sys.complain(`sleep: invalid number '${arg}'\n`);
        return { x: 1 };
      }
      ms += part;
    }
    return { until: (sys.process.lt ?? sys.now) + Math.min(ms, 8.64e15) };
  },
  step(sys, state) {
    if ("x" in state) return { exit: state.x };
    return (sys.process.lt ?? sys.now) >= state.until ? { exit: 0 } : { wait: { t: state.until } };
  },
  memoryBytes: () => 262_144,
};

const cat = stream<null>("cat", {
  cannot: true,
  raw: true,
  start: (io) => ({ files: io.args.filter((arg) => arg !== "-u"), state: null }),
  data: (io, _state, text) => io.out(text),
});

export const basicTools: Program[] = [
  sleep,
  cat,
  tool("true", () => 0),
  tool("false", () => 1),
  tool("no-applet", (io) => {
    io.err(`${io.name}: applet not found\n`);
    return 127;
  }),
];
