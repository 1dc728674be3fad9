/**
 * What a scenario leaves behind, as hashes: two versions of Podyard that behave the same print the same lines.
 * Nothing is judged here, and faults are as in any other run of the seed.
 */
import { createHash, type Hash } from "node:crypto";
import { contents } from "./contents.ts";
import { play, type Scenario } from "./scenario.ts";
import type { Invariant } from "./invariants/seen.ts";
import { Simulation } from "./simulation.ts";

/** SHA-256, in hexadecimal, of each part. */
export interface Digest {
  /** Rows of the log as they were written, without who caused what: virtual moment, revisions, records, waiting keys, floor. */
  log: string;
  /** Who caused the revisions. */
  causes: string;
  /** All objects and records at the end. */
  state: string;
  /** Answers to requests. */
  answers: string;
  /** What containers said to those who listened. */
  heard: string;
}

export interface Digested extends Digest {
  seed: number;
  rows: number;
}

/** Takes each text that goes into a digest, on one line; for those who look for the first difference. */
type Show = (part: keyof Digest, text: string) => void;

class Parts {
  readonly #hashes = new Map<keyof Digest, Hash>();
  readonly #show: Show | undefined;
  rows = 0;

  constructor(show: Show | undefined) {
    this.#show = show;
  }

  add(part: keyof Digest, text: string): void {
    let hash = this.#hashes.get(part);
    if (!hash) this.#hashes.set(part, (hash = createHash("sha256")));
    hash.update(`${text}\n`);
    this.#show?.(part, text.replaceAll("\n", "\\n"));
  }

  /** A row of the log: its members stay as they are written, but for `b`. */
  row(rv: unknown, body: string): void {
    const { b, ...turn } = JSON.parse(body);
    this.add("log", `${String(rv)} ${JSON.stringify(turn)}`);
    this.add("causes", JSON.stringify(b ?? null));
    this.rows += 1;
  }

  hex(part: keyof Digest): string {
    return (this.#hashes.get(part) ?? createHash("sha256")).copy().digest("hex");
  }
}

const writesRow = (query: string): boolean => /^\s*insert into log\b/i.test(query);

/** `playing`: instead of the seed's scenario. */
export function digestOf(
  { seed, nodes, operations }: Scenario,
  show?: Show,
  playing: typeof play = play,
): Digested {
  const parts = new Parts(show);
  const answers: Invariant = {
    name: "answers are part of the digest",
    when: "answer",
    check: (_sim, { request, status, text }) => {
      parts.add("answers", `${request} ${status} ${text}`);
      return undefined;
    },
  };
  using sim = new Simulation(seed, nodes, [answers]);
  // It was born already.
  for (const { rv, body } of sim.world.sql.exec("SELECT rv, body FROM log ORDER BY id")) {
    parts.row(rv, String(body));
  }
  const { sql } = sim.world;
  const exec = sql.exec.bind(sql);
  // Where the machine stops later in its transaction, a row is taken back, and written once more with the same id.
  const written = new Map<unknown, [rv: unknown, body: string]>();
  sql.exec = (query, ...bindings) => {
    const rows = exec(query, ...bindings);
    if (writesRow(query)) written.set(bindings[0], [bindings[1], String(bindings[3])]);
    return rows;
  };
  playing(sim, { seed, nodes, operations });
  for (const [rv, body] of written.values()) parts.row(rv, body);
  for (const [about, json] of contents(sim)) parts.add("state", `${about} ${json}`);
  for (const text of sim.terminals.end()) parts.add("heard", text);
  return {
    seed,
    rows: parts.rows,
    log: parts.hex("log"),
    causes: parts.hex("causes"),
    state: parts.hex("state"),
    answers: parts.hex("answers"),
    heard: parts.hex("heard"),
  };
}

export function digestLine({ seed, rows, log, causes, state, answers, heard }: Digested): string {
  const parts = { log, state, answers, heard, causes };
  const texts = Object.entries(parts).map(([part, hex]) => `${part} ${hex}`);
  return `seed ${seed} rows ${rows} ${texts.join(" ")}`;
}
