/**
 * Clients whose requests wait for webhooks: those who wait for the answer, and those who go on meanwhile. Each write of the latter has a
 * mark of its own in an annotation, by which the log says what came of it.
 */
import type { EngineResponse, Reply } from "../../durable-objects/engine/ports/request.ts";
import type { RequestOptions } from "../helpers/world.ts";
import type { Simulation } from "./simulation.ts";

export const markKey = "sim/asked";

/** Nobody waits longer for an answer: time may stand still. */
const patienceMs = 120_000;

interface Waiting {
  id: string;
  request: string;
  /** Absent: nobody asks what came of it. */
  mark?: string;
  /** Revision before it. */
  after: number;
}

export class Writers {
  readonly #sim: Simulation;
  #waiting: Waiting[] = [];
  #count = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** How many requests asked webhooks so far. */
  get held(): number {
    return this.#sim.world.engine.store.record<number>("held-ids", "next") ?? 0;
  }

  /** A mark that no other write has. */
  mark(): string {
    return String(++this.#count);
  }

  /** Sends a write with a mark; what comes of it is looked at when it is known. */
  send(method: string, url: string, body: unknown, mark: string, options?: RequestOptions): void {
    const after = this.#sim.lastRv;
    const first = this.#sim.raw(method, url, body, options);
    const one = { request: `${method} ${url}`, mark, after };
    if (first.type === "held") this.#waiting.push({ ...one, id: first.id });
    else this.#tell(one, first);
  }

  /** Lets time pass until there is an answer; undefined: none came. */
  await(first: EngineResponse, request: string): EngineResponse | undefined {
    if (first.type !== "held") return first;
    const { id } = first;
    const end = this.#sim.world.now + patienceMs;
    do {
      const found = this.#sim.pollHeld(id);
      if (found) return found;
    } while (this.#sim.alarmBy(end));
    this.#waiting.push({ id, request, after: this.#sim.lastRv });
    return undefined;
  }

  /** Takes what has come, as the object does after each turn. */
  read(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const one of waiting) {
      const found = this.#sim.pollHeld(one.id);
      if (found) this.#tell(one, found);
      else this.#waiting.push(one);
    }
  }

  /** Requests that nothing has come of yet. */
  get waiting(): readonly string[] {
    return this.#waiting.map(({ request }) => request);
  }

  #tell({ request, mark, after }: Omit<Waiting, "id">, response: EngineResponse): void {
    const { status, body } = response as Reply;
    const text = typeof body === "string" ? body : new TextDecoder().decode(body);
    this.#sim.say(`  ${request} -> ${status}`);
    this.#sim.look("answer", { request, status, text, kept: false });
    if (mark !== undefined) this.#sim.look("told", { request, mark, after, status, text });
  }
}
