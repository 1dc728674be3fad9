/** tr and cut: sets of characters, ranges of fields. */
import { lookup } from "../../../core/lookup.ts";
import { binaryOf } from "../../bytes.ts";
import { options } from "../options.ts";
import { type Io, stream } from "../tool.ts";

export const tr = stream<{
  from: string;
  to: string;
  remove: boolean;
  squeeze: string;
  not: boolean;
  last: string;
}>("tr", {
  raw: true,
  start(io) {
    const opts = options(io, "cCds", {}, true);
    const [from, to] = opts.rest;
    if (from === undefined) return usageOf(io, "tr [-cds] STRING1 [STRING2]");
    const remove = opts.has("d");
    const set1 = expandSet(from);
    const set2 = to === undefined ? "" : expandSet(to);
    const squeeze = opts.has("s") ? (to === undefined ? set1 : set2) : "";
    return {
      files: [],
      state: {
        from: set1,
        to: remove ? "" : set2,
        remove,
        squeeze,
        not: opts.has("c") || opts.has("C"),
        last: "",
      },
    };
  },
  data(io, state, text) {
    const { from, to } = state;
    const squeezeNot = state.not && to === "" && state.squeeze !== "";
    const made = new Int16Array(256);
    const squeezed = new Uint8Array(256);
    for (let code = 0; code < 256; code++) {
      const c = String.fromCharCode(code);
      const at = from.indexOf(c);
      const hit = state.not ? at < 0 : at >= 0;
      made[code] = code;
      if (hit && state.remove) made[code] = -1;
      else if (hit && to !== "")
        made[code] = (state.not ? to.at(-1)! : (to[at] ?? to.at(-1)!)).charCodeAt(0);
      squeezed[code] = state.squeeze.includes(c) === squeezeNot ? 0 : 1;
    }
    const out = new Uint8Array(text.length);
    let length = 0;
    let last = state.last === "" ? -1 : state.last.charCodeAt(0);
    for (let i = 0; i < text.length; i++) {
      const code = made[text.charCodeAt(i)] as number;
      if (code < 0 || (code === last && squeezed[code])) continue;
      out[length++] = last = code;
    }
    if (last >= 0) state.last = String.fromCharCode(last);
    io.out(binaryOf(out.subarray(0, length)));
  },
});

function usageOf(io: Io, text: string): number {
  io.err(`BusyBox v1.37.0 () multi-call binary.\n\nUsage: ${text}\n`);
  return 1;
}

const span = (a: string, b: string): string => {
  let out = "";
  for (let code = a.charCodeAt(0); code <= b.charCodeAt(0); code++)
    out += String.fromCharCode(code);
  return out;
};

const setClasses: Record<string, string> = lookup({
  alpha: span("A", "Z") + span("a", "z"),
  digit: span("0", "9"),
  upper: span("A", "Z"),
  lower: span("a", "z"),
  space: "\t\n\v\f\r ",
  blank: "\t ",
  punct: span("!", "/") + span(":", "@") + span("[", "`") + span("{", "~"),
  xdigit: span("0", "9") + span("A", "F") + span("a", "f"),
  cntrl: span("\0", "\x1f") + "\x7f",
  print: span(" ", "~"),
  graph: span("!", "~"),
});
setClasses.alnum = setClasses.digit! + setClasses.alpha!;

function expandSet(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const rest = text.slice(i);
    const named = /^\[:(\w+):\]/.exec(rest);
    if (named && setClasses[named[1]!]) {
      out += setClasses[named[1]!];
      i += named[0].length - 1;
      continue;
    }
    let c = text[i]!;
    if (c === "\\" && i + 1 < text.length) {
      const octal = /^\\([0-7]{1,3})/.exec(rest);
      if (octal) {
        c = String.fromCharCode(parseInt(octal[1]!, 8));
        i += octal[0].length - 1;
      } else {
        const next = text[++i]!;
        c = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" }[next] ?? next;
      }
    }
    if (text[i + 1] === "-" && text[i + 2] !== undefined && text[i + 2]! >= c) {
      out += span(c, text[i + 2]!);
      i += 2;
    } else out += c;
  }
  return out;
}

const ranges = (io: Io, text: string): [number, number][] =>
  text.split(",").map((part) => {
    const match = /^(\d*)(?:(-)(\d*))?$/.exec(part);
    if (!match || part === "-" || part === "") return io.fail(`invalid number '${part}'`);
    const from = match[1] === "" ? 1 : Number(match[1]);
    const to = match[2] === undefined ? from : match[3] === "" ? Infinity : Number(match[3]);
    if (to < from) io.fail(`${to}<${from - 1}`);
    return [from, to];
  });

interface CutState {
  /** From, to. */
  list: [number, number][];
  /** b, c or f. */
  by: string;
  delimiter: string;
  /** Lines without a delimiter are left out. */
  only: boolean;
  outputDelimiter: string;
}

export const cut = stream<CutState>("cut", {
  storedNames: { fields: { delimiter: "d", outputDelimiter: "o" } },
  start(io) {
    const opts = options(io, "b:c:f:d:nsO:", {
      delimiter: "d",
      fields: "f",
      "output-delimiter": "O",
    });
    const by = ["b", "c", "f"].find((letter) => opts.has(letter));
    if (by === undefined) return (io.say("expected a list of bytes, characters, or fields"), 1);
    const list = ranges(io, opts.value(by)!).map(
      ([a, b]) => [a, b === Infinity ? 1e9 : b] as [number, number],
    );
    const delimiter = opts.value("d")?.slice(0, 1) ?? "\t";
    return {
      files: opts.rest,
      state: {
        list,
        by,
        delimiter,
        only: opts.has("s"),
        outputDelimiter: opts.value("O") ?? delimiter,
      },
    };
  },
  data(io, { list, by, delimiter, only, outputDelimiter }, line) {
    const inside = (n: number): boolean => list.some(([from, to]) => n >= from && n <= to);
    if (by !== "f") io.out(`${[...line].filter((_, i) => inside(i + 1)).join("")}\n`);
    else if (!line.includes(delimiter)) only || io.out(`${line}\n`);
    else
      io.out(
        `${line
          .split(delimiter)
          .filter((_, i) => inside(i + 1))
          .join(outputDelimiter)}\n`,
      );
  },
});
