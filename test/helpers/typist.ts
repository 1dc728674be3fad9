/** Somebody at a terminal of a sandbox: types, lets virtual time pass, reads the screen. */
import { Screen } from "./screen.ts";
import type { World } from "./world.ts";
import type { NewTerminal, TerminalPlace } from "../../durable-objects/engine/streams/terminals.ts";

const encoder = new TextEncoder();
const lineBegins = "\x1b[?2004h";

export class Typist {
  world: World;
  readonly name: string;
  readonly screen: Screen;
  /** All that was printed since the terminal began. */
  printed = "";
  #seen = 0;
  #shown = 0;
  readonly #decoder = new TextDecoder();

  constructor(
    world: World,
    name = "main",
    {
      place = { node: "control-plane" },
      cols = 200,
      rows = 400,
      command,
    }: Partial<NewTerminal> = {},
  ) {
    this.world = world;
    this.name = name;
    this.screen = new Screen(cols, rows);
    const opened = world.engine.session(world.now, () =>
      world.engine.terminals.open(name, {
        place: place as TerminalPlace,
        cols,
        rows,
        ...(command && { command }),
      }),
    );
    if ("reason" in opened) throw new Error(opened.reason);
  }

  /** Keys, without letting time pass; how many bytes were taken. */
  press(keys: string): number {
    const { engine, now } = this.world;
    return engine.session(now, () => engine.terminals.write(this.name, encoder.encode(keys)));
  }

  resize(cols: number, rows: number): void {
    const { engine, now } = this.world;
    engine.session(now, () => engine.terminals.resize(this.name, cols, rows));
  }

  /** Reads what was printed since it was read last. */
  news(): string {
    let text = "";
    for (;;) {
      const { engine } = this.world;
      const { position, bytes } = engine.terminals.read(this.name, this.#seen, 64 * 1024);
      if (bytes.length === 0) break;
      text += this.#decoder.decode(bytes, { stream: true });
      this.#seen = position + bytes.length;
    }
    this.screen.write(text);
    this.printed += text;
    return text;
  }

  /** Lets time pass until it holds of what was printed since `mark`. */
  until(holds: (printed: string) => boolean, withinMs = 120_000): void {
    const mark = this.#shown;
    this.news();
    if (!holds(this.printed.slice(mark)))
      this.world.until(() => {
        this.news();
        return holds(this.printed.slice(mark));
      }, withinMs);
    this.#shown = this.printed.length;
  }

  /** The prompt stands there. */
  ready(withinMs = 120_000): void {
    this.until(
      (text) =>
        text.includes(lineBegins) &&
        text.lastIndexOf(lineBegins) > text.lastIndexOf("\x1b[?2004l") &&
        /[#$>] $/.test(text),
      withinMs,
    );
  }

  /** Types a line at bash's prompt, waits for the next prompt, and reads from the screen what stands between. */
  line(text: string, withinMs = 120_000): string {
    this.press("\x0c");
    this.news();
    this.#shown = this.printed.length;
    this.press(`${text}\r`);
    this.ready(withinMs);
    return this.below(text);
  }

  /** What the screen shows below a line typed on its first row, up to the cursor's. */
  below(typed: string): string {
    const { lines, cols, row } = this.screen;
    const first = lines[0] ?? "";
    const prompt = first.slice(0, first.indexOf(typed.slice(0, 1)));
    const rows = typed.includes("\n")
      ? typed.split("\n").length
      : Math.ceil((prompt.length + typed.length) / cols);
    return lines
      .slice(rows, row)
      .map((line) => `${line}\n`)
      .join("");
  }
}
