/** seq and yes. */
import { toolOutputCharactersMax } from "../../../core/limits.ts";
import type { Program } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { tool } from "../tool.ts";
import { usage } from "../words.ts";

const seq = tool("seq", (io) => {
  const words = [...io.args];
  let separator = "\n";
  let wide = false;
  for (;;) {
    if (words[0] === "-s") separator = words.splice(0, 2)[1] ?? "\n";
    else if (words[0]?.startsWith("-s")) separator = words.shift()!.slice(2);
    else if (words[0] === "-w") wide = words.shift() !== undefined;
    else break;
  }
  if (words.length === 0 || words.length > 3)
    return usage(io, "seq [-w] [-s SEP] [FIRST [INC]] LAST");
  if (words.some((word) => !/^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(word)))
    return usage(io, "seq [-w] [-s SEP] [FIRST [INC]] LAST");
  const last = Number(words.at(-1));
  const first = words.length > 1 ? Number(words[0]) : 1;
  const by = words.length > 2 ? Number(words[1]) : 1;
  const digits = Math.max(...words.slice(0, -1).map((word) => word.split(".")[1]?.length ?? 0), 0);
  const out: string[] = [];
  let bytes = 0;
  for (let i = 0; ; i++) {
    if (by === 0) break;
    const value = first + i * by;
    if (by > 0 ? value > last + 1e-9 : value < last - 1e-9) break;
    const text = value.toFixed(digits);
    out.push(text);
    bytes += text.length + 1;
    if (bytes > toolOutputCharactersMax) break;
  }
  io.sys.charge(out.length);
  const width = wide ? Math.max(...out.map((text) => text.length)) : 0;
  const padded = wide
    ? out.map((text) =>
        text.startsWith("-")
          ? `-${text.slice(1).padStart(width - 1, "0")}`
          : text.padStart(width, "0"),
      )
    : out;
  if (padded.length) io.out(`${padded.join(separator)}\n`);
  return 0;
});

const yes: Program<{ line: string }> = {
  name: "yes",
  storedNames: { fields: { line: "t" } },
  start: (sys) => ({ line: `${sys.argv.slice(1).join(" ") || "y"}\n` }),
  step(sys, { line }): Step {
    const block = line.repeat(Math.max(1, Math.floor(1024 / line.length)));
    sys.charge(100);
    return sys.write(1, block) === 0 ? { wait: { writable: [1] } } : undefined;
  },
};

export const seqTools: Program[] = [seq, yes];
