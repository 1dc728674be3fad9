/** Rows of keys typed at a shell's prompt on a terminal of a node, and the screens they make: goldens of test/golden say what is real. */
import { readFileSync } from "node:fs";
import { Screen } from "../../../helpers/screen.ts";
import type { World } from "../../../helpers/world.ts";

export interface Row {
  name: string;
  cols?: number;
  /** The shell, where it is not bash. */
  shell?: string[];
  /** Bytes typed at once, another width, or time that passes, in seconds. */
  keys: (string | number | { wait: number })[];
}

export interface Keys {
  begin: string;
  clear: string;
  folder: string;
  files: string[];
  rows: Row[];
}

const golden = new URL("../../../golden/", import.meta.url);
export const readGolden = <T>(path: string): T =>
  JSON.parse(readFileSync(new URL(path, golden), "utf8")) as T;

const encoder = new TextEncoder();
const bash = ["bash", "--norc", "--noprofile"];

class Typing {
  readonly #world: World;
  readonly #name: string;
  readonly #evicts: boolean;
  #seen = 0;
  readonly #decoder = new TextDecoder();

  constructor(world: World, name: string, { cols = 80, shell = bash }: Row, evicts: boolean) {
    this.#world = world;
    this.#name = name;
    this.#evicts = evicts;
    const opened = world.engine.session(world.now, () =>
      world.engine.terminals.open(name, {
        place: { node: "control-plane" },
        command: shell,
        cols,
        rows: 24,
      }),
    );
    if ("reason" in opened) throw new Error(opened.reason);
    world.advance(300);
  }

  press(key: Row["keys"][number]): void {
    const world = this.#world;
    const { terminals } = world.engine;
    if (typeof key === "object") world.advance(key.wait * 1_000);
    else if (typeof key === "number")
      world.engine.session(world.now, () => terminals.resize(this.#name, key, 24));
    else
      // A terminal takes no more at once than it has room for.
      for (let at = 0; at < key.length; at += 1_000) {
        const part = encoder.encode(key.slice(at, at + 1_000));
        world.engine.session(world.now, () => terminals.write(this.#name, part));
        if (key.length > 1_000) world.advance(10);
      }
    if (this.#evicts) world.evict();
    world.advance(300);
  }

  /** What was printed since it was asked last. */
  news(): string {
    let text = "";
    for (;;) {
      const { terminals } = this.#world.engine;
      const { position, bytes } = terminals.read(this.#name, this.#seen, 64 * 1024);
      if (bytes.length === 0) return text;
      text += this.#decoder.decode(bytes, { stream: true });
      this.#seen = position + bytes.length;
    }
  }
}

let terminals = 0;

/** Runs lines in a shell of the node, before rows are played. */
export function prepare(world: World, lines: readonly string[]): void {
  const name = `prepare-${++terminals}`;
  const typing = new Typing(world, name, { name, keys: [], shell: ["sh"] }, false);
  for (const line of lines) typing.press(`${line}\r`);
  world.engine.session(world.now, () => world.engine.terminals.close(name));
}

/** What is printed at the beginning and for each key. */
export function play(world: World, keys: Keys, row: Row, evicts = false): string[] {
  const name = `row-${++terminals}`;
  const typing = new Typing(world, name, row, evicts);
  typing.press(`mkdir -p ${keys.folder}; ${keys.begin}\r`);
  typing.news();
  typing.press(keys.clear);
  const printed = [typing.news()];
  for (const key of row.keys) {
    typing.press(key);
    printed.push(typing.news());
  }
  world.engine.session(world.now, () => world.engine.terminals.close(name));
  return printed;
}

/** The screen behind each key; pids, which no two machines have in common, have one name. */
export function screens({ keys, cols = 80 }: Row, printed: readonly string[]): string[] {
  const screen = new Screen(cols, 24);
  return printed.map((text, i) => {
    const key = keys[i - 1];
    if (typeof key === "number") screen.resize(key);
    screen.write(text);
    return `${JSON.stringify(key ?? "")}\n${withoutPids(String(screen))}`;
  });
}

const withoutPids = (shown: string): string =>
  shown
    .replace(/^(\[\d+\]) \d+$/gm, "$1 PID")
    .replace(/^(\[\d+\][-+ ]) +\d+ (?=\w)/gm, "$1 PID ")
    .replace(/^(\[\d+\] \+) \d+ Running +/gm, "$1 PID Running ")
    .replace(/^ {3,9}\d+ (?= {20})/gm, "     PID ")
    .replace(/(process group |^bash: kill: \()\d+/gm, "$1PID")
    .replace(/^\d{4,}( x)?$/gm, "PID$1");
