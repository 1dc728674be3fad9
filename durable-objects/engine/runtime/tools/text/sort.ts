/** sort. */
import { options } from "../options.ts";
import { type Io, tool } from "../tool.ts";

export const sort = tool("sort", (io) => {
  io.badCode = 2;
  const opts = options(io, "bcdfghik:nMo:rst:uzTmV", {
    reverse: "r",
    unique: "u",
    "numeric-sort": "n",
    key: "k",
  });
  const code = { code: 0 };
  const end = opts.has("z") ? "\0" : "\n";
  const lines: string[] = [];
  for (const file of opts.rest.length ? opts.rest : ["-"]) {
    const text = io.input(file, code);
    if (text === undefined) return 2;
    const parts = text.split(end);
    if (parts.at(-1) === "") parts.pop();
    lines.push(...parts);
  }
  const keys = opts.values("k").map((spec) => sortKey(io, spec, opts.value("t")));
  const flags = (["n", "r", "f", "h", "g", "M", "b", "d", "i", "V"] as const)
    .filter((flag) => opts.has(flag))
    .join("");
  const compare = (a: string, b: string): number => {
    for (const key of keys) {
      const own = key.flags || flags;
      const order = compareBy(own, key.of(a), key.of(b));
      if (order) return own.includes("r") ? -order : order;
    }
    if (keys.length === 0) {
      const order = compareBy(flags, a, b);
      if (order) return flags.includes("r") ? -order : order;
    }
    return 0;
  };
  /** Lines with equal keys stand in the order of the whole lines, unless -s keeps theirs. */
  const last = (a: string, b: string): number => {
    if (opts.has("s")) return 0;
    const order = a < b ? -1 : a > b ? 1 : 0;
    return flags.includes("r") ? -order : order;
  };
  io.sys.charge(lines.length * 5);
  if (opts.has("c")) {
    const bad = lines.findIndex((line, i) => {
      if (i === 0) return false;
      const order = compare(lines[i - 1]!, line);
      return (opts.has("u") ? order || 1 : order || last(lines[i - 1]!, line)) > 0;
    });
    if (bad >= 0) io.err(`Check line ${bad}\n`);
    return bad < 0 ? 0 : 1;
  }
  lines.sort((a, b) => compare(a, b) || last(a, b));
  const kept = opts.has("u")
    ? lines.filter((line, i) => i === 0 || compare(lines[i - 1]!, line) !== 0)
    : lines;
  const text = kept.map((line) => line + end).join("");
  const file = opts.value("o");
  if (file !== undefined) io.sys.writeFile(file, text);
  else io.out(text);
  return code.code;
});

const units: Record<string, number> = { K: 1, k: 1, M: 2, G: 3, T: 4, P: 5 };

const numeric = (text: string): number => Number(/^\s*(-?\d*\.?\d*)/.exec(text)?.[1]) || 0;

function compareBy(flags: string, a: string, b: string): number {
  const sign = (d: number): number => (d < 0 ? -1 : d > 0 ? 1 : 0);
  if (flags.includes("h")) {
    const size = (text: string): number =>
      numeric(text) * 1024 ** (units[/\d\s*([KkMGTP])/.exec(text)?.[1] ?? ""] ?? 0);
    return sign(size(a) - size(b));
  }
  if (flags.includes("n")) return sign(numeric(a) - numeric(b));
  if (flags.includes("g")) return sign((parseFloat(a) || 0) - (parseFloat(b) || 0));
  if (flags.includes("V")) return versionOrder(a, b);
  if (flags.includes("M")) return sign(month(a) - month(b));
  let x = a;
  let y = b;
  if (flags.includes("b")) [x, y] = [x.trimStart(), y.trimStart()];
  if (flags.includes("d")) [x, y] = [x.replace(/[^\w\s]/g, ""), y.replace(/[^\w\s]/g, "")];
  if (flags.includes("f")) [x, y] = [x.toUpperCase(), y.toUpperCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}

const month = (text: string): number =>
  "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC".indexOf(text.trim().slice(0, 3).toUpperCase() || "-");

export function versionOrder(a: string, b: string): number {
  const x = a.match(/\d+|\D+/g) ?? [];
  const y = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [p = "", q = ""] = [x[i], y[i]];
    if (p === q) continue;
    if (/^\d/.test(p) && /^\d/.test(q) && Number(p) !== Number(q)) return Number(p) - Number(q);
    return p < q ? -1 : 1;
  }
  return 0;
}

/** Fields as blanks part them: each holds the blanks before it. */
function blankFields(line: string): string[] {
  const fields = line.split(/(?<=\S)(?=\s)/);
  if (fields.at(-1)?.trim() === "") fields.pop();
  return fields;
}

/** `2,3n`, `1.2`. */
function sortKey(
  io: Io,
  spec: string,
  separator: string | undefined,
): { of(line: string): string; flags: string } {
  const match = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?$/.exec(spec);
  if (!match || Number(match[1]) === 0) return io.fail("bad field specification", 2);
  const from = Number(match?.[1] ?? 1) - 1;
  const skip = Number(match?.[2] ?? 1) - 1;
  const to = match?.[4] === undefined ? Infinity : Number(match[4]);
  const upto = match?.[5] === undefined ? undefined : Number(match[5]);
  const flags = (match?.[3] ?? "") + (match?.[6] ?? "");
  return {
    flags,
    of(line) {
      const fields = separator === undefined ? blankFields(line) : line.split(separator);
      const part = fields.slice(from, to);
      if (upto !== undefined && part.length === to - from)
        part[part.length - 1] = part.at(-1)!.slice(0, upto);
      const text = part.join(separator ?? "");
      return separator === undefined && /[bn]/.test(flags)
        ? text.trimStart().slice(skip)
        : text.slice(skip);
    },
  };
}
