/** cat, with what it can make visible. */
import { options } from "../options.ts";
import { stream } from "../tool.ts";

interface CatState {
  /** Options that change the text: n, b, v, e, t, s. */
  how: string;
  number: number;
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

export const cat = stream<CatState>("cat", {
  storedNames: { fields: { number: "n" } },
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
    return { files: opts.rest, state: { how: letters.replace("u", ""), number: 0 } };
  },
  data(io, state, text) {
    const { how } = state;
    if (how === "") return io.out(text);
    for (const line of text.match(/[^\n]+\n?|\n/g) ?? []) {
      const blank = !state.inside && line === "\n";
      if (how.includes("s") && blank && state.blank) continue;
      if (!state.inside && (how.includes("b") ? !blank : how.includes("n")))
        io.out(`${String(++state.number).padStart(6)}\t`);
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
