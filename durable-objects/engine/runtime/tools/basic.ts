/** The smallest tools. */
import { foreverMs } from "../../core/clock.ts";
import type { Program } from "../kernel/types.ts";
import { options } from "./options.ts";
import { stream, tool } from "./tool.ts";

/** `1.5m` in ms; `infinity` and what is as long as it end never. Undefined when it is none. */
export const duration = (text: string): number | undefined => {
  if (text.length > 400) return undefined;
  if (/^\+?inf(inity)?[smhd]?$/i.test(text)) return foreverMs;
  const match = /^\+?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?([smhd]?)$/i.exec(text);
  if (!match) return undefined;
  const unit = { s: 1, m: 60, h: 3600, d: 86_400, "": 1 }[match[3] as "s"];
  if (unit === undefined) return undefined;
  return Math.min(Number(match[1] + (match[2] ?? "")) * 1000 * unit, foreverMs);
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
    return { until: (sys.process.lt ?? sys.now) + ms };
  },
  step(sys, state) {
    if ("x" in state) return { exit: state.x };
    return (sys.process.lt ?? sys.now) >= state.until ? { exit: 0 } : { wait: { t: state.until } };
  },
  memoryBytes: () => 262_144,
};

interface CatState {
  /** Options that change the text: n, b, v, e, t, s. */
  how: string;
  n: number;
  /** Inside a line. */
  inside?: true;
  blank?: true;
}

/** What cannot be seen: ^A, M-x, ^I with `t`. */
const shown = (text: string, tabs: boolean): string =>
  text.replace(/[^\n -~]/g, (c) => {
    if (c === "\t" && !tabs) return c;
    const code = c.charCodeAt(0);
    const low = code & 127;
    const rest =
      low < 32
        ? `^${String.fromCharCode(low + 64)}`
        : low === 127
          ? "^?"
          : String.fromCharCode(low);
    return code >= 128 ? `M-${rest}` : rest;
  });

const cat = stream<CatState>("cat", {
  cannot: true,
  raw: true,
  start(io) {
    const opts = options(io, "uvetAnbsET", {
      number: "n",
      "show-all": "A",
      "number-nonblank": "b",
      "show-ends": "E",
      "show-tabs": "T",
      "squeeze-blank": "s",
    });
    const letters = opts.order.join("").replace("A", "vet").replace("e", "vE").replace("t", "vT");
    return { files: opts.rest, state: { how: letters.replace("u", ""), n: 0 } };
  },
  data(io, state, text) {
    const { how } = state;
    if (how === "") return io.out(text);
    for (const line of text.match(/[^\n]+\n?|\n/g) ?? []) {
      const blank = !state.inside && line === "\n";
      if (how.includes("s") && blank && state.blank) continue;
      if (!state.inside && (how.includes("b") ? !blank : how.includes("n")))
        io.out(`${String(++state.n).padStart(6)}\t`);
      const seen = how.includes("v") || how.includes("T") ? shown(line, how.includes("T")) : line;
      io.out(how.includes("E") ? seen.replace(/\n$/, "$\n") : seen);
      if (blank) state.blank = true;
      else delete state.blank;
      if (line.endsWith("\n")) delete state.inside;
      else state.inside = true;
    }
    return undefined;
  },
  end(io, { how, inside }, bad) {
    if (inside && /[nb]/.test(how)) io.out("\n");
    return bad ? 1 : 0;
  },
});

export const basicTools: Program[] = [
  sleep,
  cat,
  tool("usleep", () => 0),
  tool("true", () => 0),
  tool("false", () => 1),
  tool("no-applet", (io) => {
    io.err(`${io.name}: applet not found\n`);
    return 127;
  }),
];
