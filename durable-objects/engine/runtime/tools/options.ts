/** Options as getopt reads them: letters together, values attached or next, `--` ends them, long names by a table. */
import { ToolExit, type Io } from "./tool.ts";
import { synopses } from "./usage-facts.ts";
import { usage } from "./words.ts";

export interface Options {
  /** Letter to value; a flag's value is "". */
  has(letter: string): boolean;
  value(letter: string): string | undefined;
  /** All values of a letter given several times. */
  values(letter: string): string[];
  /** What is no option. */
  rest: string[];
  /** Letters in the order given. */
  order: string[];
}

/**
 * `spec`: letters, a colon after those with a value (`n:v`). `long`: long names to letters. Options may stand between
 * operands unless `stop` is set. An unknown one is said as busybox says it, and ends the tool.
 */
export function options(
  io: Io,
  spec: string,
  long: Record<string, string> = {},
  stop = false,
): Options {
  const found = new Map<string, string[]>();
  const order: string[] = [];
  const rest: string[] = [];
  const put = (letter: string, value: string): void => {
    order.push(letter);
    found.set(letter, [...(found.get(letter) ?? []), value]);
  };
  const takes = (letter: string): boolean => spec[spec.indexOf(letter) + 1] === ":";
  const bad = (text: string): never => {
    io.say(text);
    if (io.busybox && synopses[io.name] !== undefined)
      usage(io, `${io.name} ${synopses[io.name]}`.trimEnd());
    throw new ToolExit(io.badCode);
  };
  for (let i = 0; i < io.args.length; i++) {
    const word = io.args[i]!;
    if (word === "--") {
      rest.push(...io.args.slice(i + 1));
      break;
    }
    if (word.startsWith("--")) {
      const [name = "", value] = word.slice(2).split(/=(.*)/s);
      const letter = long[name];
      if (letter === undefined) bad(`unrecognized option '--${name}'`);
      else put(letter, takes(letter) ? (value ?? io.args[++i] ?? "") : "");
      continue;
    }
    if (!/^-./.test(word)) {
      rest.push(word);
      if (!stop) continue;
      rest.push(...io.args.slice(i + 1));
      break;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      if (letter === ":" || !spec.includes(letter)) bad(`invalid option -- '${letter}'`);
      if (!takes(letter)) {
        put(letter, "");
        continue;
      }
      const value = word.slice(at + 1) || io.args[++i];
      if (value === undefined) bad(`option requires an argument -- '${letter}'`);
      put(letter, value ?? "");
      break;
    }
  }
  return {
    has: (letter) => found.has(letter),
    value: (letter) => found.get(letter)?.at(-1),
    values: (letter) => found.get(letter) ?? [],
    rest,
    order,
  };
}
