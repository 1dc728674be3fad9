/** `mapfile`, also called `readarray`: lines of a descriptor into an array. */
import type { Step } from "../../kernel/calls.ts";
import type { Builtin } from "../builtin.ts";
import type { Shell } from "../shell.ts";
import { addChunk, type FrameOf, type ListItem, type MapOptions } from "../state.ts";
import { quoted } from "../variable-builtins.ts";
import { usage } from "./usage.ts";

const numberOf = (text: string): number | undefined =>
  /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/** Takes one option in; what is wrong with it, if anything. */
function option(shell: Shell, into: MapOptions, letter: string, value: string): string | undefined {
  if (letter === "d") into.d = value.slice(0, 1);
  else if (letter === "C") into.c = value;
  else {
    const number = numberOf(value);
    if (letter === "u") {
      if (number === undefined) return `${value}: invalid file descriptor specification`;
      if (!shell.sys.isOpen(number))
        return `${value}: invalid file descriptor: Bad file descriptor`;
      into.fd = number;
    } else if (letter === "n") {
      if (number === undefined) return `${value}: invalid line count`;
      into.n = number;
    } else if (letter === "s") {
      if (number === undefined) return `${value}: invalid line count`;
      into.s = number;
    } else if (letter === "O") {
      if (number === undefined) return `${value}: invalid array origin`;
      into.o = number;
      into.keep = 1;
    } else if (number === undefined || number === 0) return `${value}: invalid callback quantum`;
    else into.q = number;
  }
  return undefined;
}

export const mapfile: Builtin = (shell, argv, tested) => {
  const into: MapOptions = { name: "MAPFILE", d: "\n", n: 0, o: 0, s: 0, fd: 0, q: 5000 };
  let i = 1;
  for (; i < argv.length && /^-[a-zA-Z]/.test(argv[i]!); i++) {
    const word = argv[i]!;
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      if (letter === "t") {
        into.t = 1;
        continue;
      }
      if (!"dnOsuCc".includes(letter)) return usage(shell, `-${letter}`);
      const value = word.slice(at + 1) || argv[++i];
      if (value === undefined) {
        shell.complain(`-${letter}: option requires an argument`);
        return 2;
      }
      const bad = option(shell, into, letter, value);
      if (bad !== undefined) {
        shell.complain(bad);
        return 1;
      }
      break;
    }
  }
  const name = argv[argv[i] === "--" ? i + 1 : i];
  if (name !== undefined) into.name = name;
  if (!/^[A-Za-z_]\w*$/.test(into.name)) {
    shell.complain(`\`${into.name}': not a valid identifier`);
    return 1;
  }
  if (!into.keep) shell.setList(into.name, [], false);
  shell.push({ k: "map", a: into, b: "", w: [], ...(tested ? { t: 1 as const } : {}) });
  return undefined;
};

/** Microseconds. */
const usPerByteRead = 0.05;

/** Puts a line into the array; the callback, where it is its turn. */
function take(shell: Shell, frame: FrameOf<"map">, line: string): boolean {
  const { a } = frame;
  if (a.s > 0) {
    a.s--;
    return false;
  }
  const item: ListItem = [
    String(a.o + frame.w.length),
    a.t ? line.replace(/[^]$/, (end) => (end === delimiterOf(a) ? "" : end)) : line,
  ];
  if (a.c !== undefined && (frame.w.length + 1) % a.q === 0) {
    const text = `${a.c} ${item[0]} ${quoted(item[1])}`;
    shell.push({ k: "src", c: addChunk(shell.state, text), o: 0, m: "eval", n: "mapfile" });
  }
  shell.setElement(a.name, item[0]!, item[1]);
  frame.w.push("");
  return true;
}

const delimiterOf = ({ d }: MapOptions): string => (d === "" ? "\0" : d);

function over(shell: Shell, frame: FrameOf<"map">): undefined {
  shell.state.f.splice(shell.state.f.lastIndexOf(frame), 1);
  shell.state.st = 0;
  shell.checkError(frame.t === 1);
}

/** Reads on; a file or a pipe is read byte by byte only as far as lines are wanted. */
export function mapStep(shell: Shell, frame: FrameOf<"map">): Step {
  const { sys, state } = shell;
  const { a } = frame;
  if (!sys.isOpen(a.fd)) return over(shell, frame);
  for (;;) {
    const enough = a.n > 0 && frame.w.length >= a.n;
    const at = enough ? -1 : frame.b.indexOf(delimiterOf(a));
    if (at >= 0) {
      const line = frame.b.slice(0, at + 1);
      frame.b = frame.b.slice(at + 1);
      const depth = state.f.length;
      take(shell, frame, a.d === "" ? line.slice(0, -1) : line);
      if (state.f.length > depth) return undefined;
      continue;
    }
    if (enough || frame.done) {
      if (frame.b !== "" && enough) sys.unread(a.fd, frame.b.length);
      else if (frame.b !== "") take(shell, frame, frame.b);
      return over(shell, frame);
    }
    const data = sys.read(a.fd, a.n > 0 && sys.fileSize(a.fd) === undefined ? 1 : 4096);
    if (data === undefined) return { wait: { readable: [a.fd] } };
    if (data === "") frame.done = 1;
    sys.charge(data.length * usPerByteRead);
    frame.b += a.d === "" ? data : data.replaceAll("\0", "");
    sys.held = frame.b.length + (state.vb ?? 0);
    // What has no end is read a piece a step.
    if (!frame.done && a.n === 0) return undefined;
  }
}
