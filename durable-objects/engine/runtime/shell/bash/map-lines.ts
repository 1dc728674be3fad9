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
  if (letter === "d") into.delimiter = value.slice(0, 1);
  else if (letter === "C") into.callback = value;
  else {
    const number = numberOf(value);
    if (letter === "u") {
      if (number === undefined) return `${value}: invalid file descriptor specification`;
      if (!shell.sys.isOpen(number))
        return `${value}: invalid file descriptor: Bad file descriptor`;
      into.fd = number;
    } else if (letter === "n") {
      if (number === undefined) return `${value}: invalid line count`;
      into.count = number;
    } else if (letter === "s") {
      if (number === undefined) return `${value}: invalid line count`;
      into.skip = number;
    } else if (letter === "O") {
      if (number === undefined) return `${value}: invalid array origin`;
      into.origin = number;
      into.keep = 1;
    } else if (number === undefined || number === 0) return `${value}: invalid callback quantum`;
    else into.quantum = number;
  }
  return undefined;
}

export const mapfile: Builtin = (shell, argv, tested) => {
  const into: MapOptions = {
    name: "MAPFILE",
    delimiter: "\n",
    count: 0,
    origin: 0,
    skip: 0,
    fd: 0,
    quantum: 5000,
  };
  let i = 1;
  for (; i < argv.length && /^-[a-zA-Z]/.test(argv[i]!); i++) {
    const word = argv[i]!;
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      if (letter === "t") {
        into.trimmed = 1;
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
  shell.push({
    kind: "map",
    options: into,
    unread: "",
    taken: [],
    ...(tested ? { tested: 1 as const } : {}),
  });
  return undefined;
};

/** Microseconds. */
const usPerByteRead = 0.05;

/** Puts a line into the array; the callback, where it is its turn. */
function take(shell: Shell, frame: FrameOf<"map">, line: string): boolean {
  const { options } = frame;
  if (options.skip > 0) {
    options.skip--;
    return false;
  }
  const item: ListItem = [
    String(options.origin + frame.taken.length),
    options.trimmed
      ? line.replace(/[^]$/, (end) => (end === delimiterOf(options) ? "" : end))
      : line,
  ];
  if (options.callback !== undefined && (frame.taken.length + 1) % options.quantum === 0) {
    const text = `${options.callback} ${item[0]} ${quoted(item[1])}`;
    shell.push({
      kind: "src",
      chunk: addChunk(shell.state, text),
      offset: 0,
      mode: "eval",
      name: "mapfile",
    });
  }
  shell.setElement(options.name, item[0]!, item[1]);
  frame.taken.push("");
  return true;
}

const delimiterOf = ({ delimiter }: MapOptions): string => (delimiter === "" ? "\0" : delimiter);

function over(shell: Shell, frame: FrameOf<"map">): undefined {
  shell.state.frames.splice(shell.state.frames.lastIndexOf(frame), 1);
  shell.state.status = 0;
  shell.checkError(frame.tested === 1);
}

/** Reads on; a file or a pipe is read byte by byte only as far as lines are wanted. */
export function mapStep(shell: Shell, frame: FrameOf<"map">): Step {
  const { sys, state } = shell;
  const { options } = frame;
  if (!sys.isOpen(options.fd)) return over(shell, frame);
  for (;;) {
    const enough = options.count > 0 && frame.taken.length >= options.count;
    const at = enough ? -1 : frame.unread.indexOf(delimiterOf(options));
    if (at >= 0) {
      const line = frame.unread.slice(0, at + 1);
      frame.unread = frame.unread.slice(at + 1);
      const depth = state.frames.length;
      take(shell, frame, options.delimiter === "" ? line.slice(0, -1) : line);
      if (state.frames.length > depth) return undefined;
      continue;
    }
    if (enough || frame.done) {
      if (frame.unread !== "" && enough) sys.unread(options.fd, frame.unread.length);
      else if (frame.unread !== "") take(shell, frame, frame.unread);
      return over(shell, frame);
    }
    const data = sys.read(
      options.fd,
      options.count > 0 && sys.fileSize(options.fd) === undefined ? 1 : 4096,
    );
    if (data === undefined) return { wait: { readable: [options.fd] } };
    if (data === "") frame.done = 1;
    sys.charge(data.length * usPerByteRead);
    frame.unread += options.delimiter === "" ? data : data.replaceAll("\0", "");
    sys.held = frame.unread.length + (state.variableBytes ?? 0);
    // What has no end is read a piece a step.
    if (!frame.done && options.count === 0) return undefined;
  }
}
