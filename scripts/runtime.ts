import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Prepared } from "./prepare-runtime.ts";

/** The runtime's process: started, listened to, started again when it dies. */

export interface RuntimeWatch {
  onStart(pid: number): void;
  /** A line of the Worker's or the runtime's own. */
  onLine(level: "log" | "error", text: string): void;
  /** The longest pause before a start that follows deaths; else `pauseMsMax`. */
  pauseMsMax?: number;
}

/** Miniflare's entry, plain HTTP, TLS. */
const sockets = 3;
/** The runtime's words where another process listens already. */
export const portTaken = "Address already in use";
/** After this long a death is a new one. */
const steadyMs = 60_000;
const pauseMsMax = 5_000;

export class Runtime {
  readonly #prepared: Prepared;
  readonly #watch: RuntimeWatch;
  #child: ChildProcess | undefined;
  #stopped = false;
  #deaths = 0;

  private constructor(prepared: Prepared, watch: RuntimeWatch) {
    this.#prepared = prepared;
    this.#watch = watch;
    process.once("exit", this.#end);
  }

  readonly #end = (): void => void this.#child?.kill("SIGKILL");

  /** Resolves when it listens on all its sockets; throws what it said when it ends before, `portTaken` among it. */
  static async start(prepared: Prepared, watch: RuntimeWatch): Promise<Runtime> {
    const runtime = new Runtime(prepared, watch);
    const said = await runtime.#run();
    if (said !== undefined) throw new Error(`the runtime did not start: ${said}`);
    return runtime;
  }

  /** Everything worth keeping is on disk before an answer leaves, so nothing is asked of it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    process.off("exit", this.#end);
    const child = this.#child;
    if (!child) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    this.#end();
    await gone;
  }

  /** Resolves when the runtime listens, or with what it said when it ended before that. */
  #run(): Promise<string | undefined> {
    const { program, config, folders } = this.#prepared;
    for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stdin = openSync(config, "r");
    const child = spawn(program, argumentsOf(), {
      stdio: [stdin, "pipe", "pipe", "pipe"],
      env: { ...process.env, TZ: "UTC", FORCE_COLOR: "0" },
    });
    closeSync(stdin);
    this.#child = child;
    if (child.pid !== undefined) this.#watch.onStart(child.pid);
    const since = performance.now();
    const early: string[] = [];
    let open = 0;
    let listens = false;
    for (const stream of [child.stdout, child.stderr]) {
      lines(stream, (line) => {
        const { level, text } = spoken(line);
        if (listens) this.#watch.onLine(level, text);
        else early.push(text);
      });
    }
    return new Promise((resolve) => {
      lines(child.stdio[3] as Readable, (line) => {
        if (!line.includes('"listen"') || ++open < sockets) return;
        listens = true;
        resolve(undefined);
      });
      child.once("error", (error) => resolve(error.message));
      child.once("close", () => {
        this.#child = undefined;
        if (!listens) return resolve(early.join("\n") || "it said nothing");
        if (!this.#stopped) this.#restart(performance.now() - since);
      });
    });
  }

  #restart(livedMs: number): void {
    this.#deaths = livedMs > steadyMs ? 1 : this.#deaths + 1;
    const most = this.#watch.pauseMsMax ?? pauseMsMax;
    const pause = this.#deaths === 1 ? 0 : Math.min(100 * 2 ** this.#deaths, most);
    this.#watch.onLine("error", "the runtime ended without being asked to; it is started again");
    setTimeout(() => {
      if (this.#stopped) return;
      void this.#run().then((said) => {
        if (said === undefined) return;
        this.#watch.onLine("error", `the runtime did not start: ${said}`);
        if (!this.#stopped) this.#restart(0);
      });
    }, pause);
  }
}

/** What Miniflare gives it; its own entry and what leads back to Miniflare lead nowhere. */
const argumentsOf = (): string[] => [
  "serve",
  "--binary",
  "--experimental",
  "--socket-addr=entry=127.0.0.1:0",
  "--external-addr=loopback=127.0.0.1:9",
  "--control-fd=3",
  // For the bench and whoever profiles: Chrome's debugging protocol, open to all who reach that address.
  ...(process.env["PODYARD_INSPECTOR"]
    ? [`--inspector-addr=${process.env["PODYARD_INSPECTOR"]}`]
    : []),
  "-",
];

function lines(stream: Readable | null, take: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on("line", take);
}

/** Lines are JSON, but for what the runtime says before it can write that. */
function spoken(line: string): { level: "log" | "error"; text: string } {
  try {
    const { level, message } = JSON.parse(line) as { level: string; message: string };
    return { level: level === "error" ? "error" : "log", text: message };
  } catch {
    return { level: "error", text: line };
  }
}
