/** Commands on a node, in virtual time. */
import type { CommandSession } from "../../durable-objects/engine/ports/request.ts";
import type { World } from "./world.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export interface Said {
  out: string;
  err: string;
  code?: number;
}

/** A command that runs on a node. */
export class NodeShell {
  readonly #world: World;
  readonly session: CommandSession;
  readonly said: Said = { out: "", err: "" };

  constructor(world: World, node: string, command: string[], tty = false) {
    this.#world = world;
    const started = world.engine.session(world.now, () =>
      world.engine.onMachine(node, { command, tty, stdin: true }),
    );
    if ("reason" in started) throw new Error(started.reason);
    this.session = started;
  }

  type(text: string): void {
    const bytes = encoder.encode(text);
    this.#do(() => this.#world.engine.sessions.write(this.session, bytes));
  }

  close(): void {
    this.#do(() => this.#world.engine.sessions.closeInput(this.session));
  }

  #do<T>(act: () => T): T {
    return this.#world.engine.session(this.#world.now, act);
  }

  /** All it has printed so far, and its exit code once it is over. */
  read(): Said {
    if (this.said.code !== undefined) return this.said;
    const news = this.#do(() => this.#world.engine.sessions.read(this.session));
    this.said.out += decoder.decode(news.stdout);
    this.said.err += decoder.decode(news.stderr);
    if (news.status) this.said.code = Number(news.status.details?.causes?.[0]?.message ?? 0);
    return this.said;
  }

  /** Lets time pass until it is over. */
  end(seconds = 120): Said {
    for (let i = 0; i < seconds; i++) {
      if (this.read().code !== undefined) return this.said;
      this.#world.advance(1_000);
    }
    throw new Error(`still running: ${JSON.stringify(this.said)}`);
  }
}

/** Runs a line in bash on a node to its end. */
export function onNode(world: World, node: string, line: string): Said {
  const shell = new NodeShell(world, node, ["bash", "-c", line]);
  shell.close();
  return shell.end();
}
