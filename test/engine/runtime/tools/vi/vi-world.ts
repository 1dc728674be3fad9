/** vi on a terminal of a node, for tests. */
import { readFileSync } from "node:fs";
import { NodeSql } from "../../../../helpers/node-sql.ts";
import { Screen } from "../../../../helpers/screen.ts";
import { World } from "../../../../helpers/world.ts";

export interface Row {
  name: string;
  keys: string[];
  /** Settings instead of those of Debian's defaults. */
  vimrc?: string;
  /** The file that is edited, and another one. */
  text?: string;
  second?: string;
  args?: string[];
}

const folder = new URL("../../../../golden/vi/", import.meta.url);
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as T;
export const golden = read<{ text: string; cols: number; rows: number; rowsOf: Row[] }>(
  "keys.json",
);
export const recorded = read<Record<string, string[]>>("screens.json");

const encoder = new TextEncoder();

export class Desk {
  readonly world: World;
  readonly sql: NodeSql;
  screen: Screen;
  #seen = 0;
  #decoder = new TextDecoder();

  constructor(sql = new NodeSql()) {
    this.sql = sql;
    this.world = new World({}, sql);
    this.screen = new Screen(golden.cols, golden.rows);
  }

  /** Runs a script on the node. */
  run(script: string): void {
    this.open("prepare", ["bash", "-c", script]);
    this.close("prepare");
  }

  open(name: string, command: string[], cols = golden.cols, rows = golden.rows): void {
    const { world } = this;
    const opened = world.engine.session(world.now, () =>
      world.engine.terminals.open(name, {
        place: { node: "control-plane" },
        command,
        cols,
        rows,
      }),
    );
    if ("reason" in opened) throw new Error(opened.reason);
    world.advance(100);
  }

  close(name: string): void {
    const { world } = this;
    world.engine.session(world.now, () => world.engine.terminals.close(name));
    this.#seen = 0;
  }

  /** Opens the terminal whose screen is looked at. */
  begin(command: string[], cols = golden.cols, rows = golden.rows): void {
    this.screen = new Screen(cols, rows);
    this.open("main", command, cols, rows);
    this.look();
  }

  press(keys: string): void {
    const { engine, now } = this.world;
    engine.session(now, () => engine.terminals.write("main", encoder.encode(keys)));
  }

  type(keys: string): string {
    this.press(keys);
    this.world.advance(100);
    return this.look();
  }

  resize(cols: number, rows: number): void {
    const { world } = this;
    world.engine.session(world.now, () => world.engine.terminals.resize("main", cols, rows));
    world.advance(100);
  }

  /** Puts what was printed on the screen; what that was. */
  look(): string {
    let text = "";
    for (;;) {
      const { position, bytes } = this.world.engine.terminals.read("main", this.#seen, 64 * 1024);
      if (bytes.length === 0) break;
      text += this.#decoder.decode(bytes, { stream: true });
      this.#seen = position + bytes.length;
    }
    this.screen.write(text);
    return text;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Screens of a row of the goldens: at first, and after each of its keys. */
export function play(desk: Desk, row: Row): string[] {
  const { text = golden.text, args = ["file"], second, vimrc, keys } = row;
  const put = (path: string, content: string): string => `printf %s ${quoted(content)} > ${path}`;
  desk.run(
    [
      "rm -rf /tmp/vi /root/.vimrc; mkdir -p /tmp/vi && cd /tmp/vi",
      put("file", text),
      ...(second === undefined ? [] : [put(args.at(-1)!, second)]),
      ...(vimrc === undefined ? [] : [put("/root/.vimrc", vimrc)]),
    ].join("\n"),
  );
  desk.begin(["sh", "-c", `cd /tmp/vi && exec vi ${args.map(quoted).join(" ")}`]);
  const screens = [String(desk.screen)];
  for (const key of keys) {
    desk.press(key);
    // Only other programs take time.
    if (/[!]/.test(keys.join(""))) desk.world.advance(100);
    desk.look();
    screens.push(String(desk.screen));
  }
  desk.close("main");
  return screens;
}

/** How long ago something was is left out. */
export const timeless = (screen: string): string =>
  screen.replace(/(?:\d+ seconds? ago|\d\d:\d\d:\d\d) */g, "N ago ");
