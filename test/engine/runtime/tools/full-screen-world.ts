/** Full-screen programs on a node's terminal, and what the real ones show of the same keys (test/golden/full-screen). */
import { readFileSync } from "node:fs";
import { Screen } from "../../../helpers/screen.ts";
import { World } from "../../../helpers/world.ts";

export interface Row {
  name: string;
  command: string;
  cols?: number;
  rows?: number;
  /** Bytes typed at once, or another size. */
  keys: (string | [cols: number, rows: number])[];
}

interface Typed {
  files: Record<string, string>;
  rows: Row[];
}

const folder = new URL("../../../golden/full-screen/", import.meta.url);
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as T;

export const typedInto = (program: string): Typed => read<Typed>(`${program}.keys.json`);
export const recordedOf = (program: string): Record<string, string[]> =>
  read(`${program}.screens.json`);

const encoder = new TextEncoder();
const octal = (text: string): string =>
  [...encoder.encode(text)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");

export class Stage {
  readonly world = new World();
  #seen = 0;
  #decoder = new TextDecoder();

  constructor(files: Record<string, string>) {
    this.open("prepare", ["sh"], 80, 24);
    this.type("mkdir -p /tmp/kept\r", "prepare");
    for (const [name, text] of Object.entries(files))
      for (let at = 0; at === 0 || at < text.length; at += 500)
        this.type(`printf '${octal(text.slice(at, at + 500))}' >> /tmp/kept/${name}\r`, "prepare");
    this.close("prepare");
  }

  open(name: string, command: string[], cols: number, rows: number): void {
    const { world } = this;
    const opened = world.engine.session(world.now, () =>
      world.engine.terminals.open(name, { place: { node: "control-plane" }, command, cols, rows }),
    );
    if ("reason" in opened) throw new Error(opened.reason);
    world.advance(1_000);
  }

  close(name: string): void {
    const { world } = this;
    world.engine.session(world.now, () => world.engine.terminals.close(name));
    world.advance(100);
  }

  type(keys: string, name = "main"): void {
    const { world } = this;
    world.engine.session(world.now, () => world.engine.terminals.write(name, encoder.encode(keys)));
    world.advance(300);
  }

  resize(cols: number, rows: number): void {
    const { world } = this;
    world.engine.session(world.now, () => world.engine.terminals.resize("main", cols, rows));
    world.advance(300);
  }

  /** What was printed since it was asked last. */
  news(): string {
    let text = "";
    for (;;) {
      const { terminals } = this.world.engine;
      const { position, bytes } = terminals.read("main", this.#seen, 64 * 1024);
      if (bytes.length === 0) return text;
      text += this.#decoder.decode(bytes, { stream: true });
      this.#seen = position + bytes.length;
    }
  }

  /** Begins a program in a folder with the files. */
  begin({ command, cols = 60, rows = 12 }: Row): void {
    this.#seen = 0;
    this.#decoder = new TextDecoder();
    const set = "export HOME=/tmp/full-screen LESSHISTFILE=- LC_ALL=C.UTF-8; unset LESS";
    const folder = "rm -rf /tmp/full-screen; cp -r /tmp/kept /tmp/full-screen; cd /tmp/full-screen";
    const all = `trap : INT; ${set}; ${folder}; clear; ${command}; echo "exit $?"`;
    this.open("main", ["bash", "-c", all], cols, rows);
  }

  /** What is printed for each keystroke. */
  play(row: Row, evicts = false): string[] {
    this.begin(row);
    const printed = [this.news()];
    for (const key of row.keys) {
      if (evicts) this.world.evict();
      if (typeof key === "string") this.type(key);
      else this.resize(...key);
      printed.push(this.news());
    }
    this.close("main");
    return printed;
  }
}

/** The screens behind each keystroke, with the key. */
export function screensOf(
  { keys, cols = 60, rows = 12 }: Row,
  printed: readonly string[],
): string[] {
  const screen = new Screen(cols, rows);
  return printed.map((text, i) => {
    const key = keys[i - 1];
    if (Array.isArray(key)) screen.resize(...key);
    screen.write(text);
    return `${JSON.stringify(key ?? "")}\n${screen}`;
  });
}
