/** What awk remembers between records, and what it asks of its surroundings. */
import type { MatchWork } from "../../match-work.ts";
import type { NamesOf } from "../../../core/record-codec.ts";
import { cellNames, type Cell, type Value } from "./values.ts";

/** Everything awk remembers from record to record: plain JSON. */
export interface AwkMemory {
  /** Variables by `=name`. */
  globals: Record<string, Cell>;
  /** Whether each rule's range is open. */
  ranges: Record<string, true>;
  seed: number;
  /** Inputs of getline: what is left of each. */
  inputs: Record<string, string>;
  /** Outputs: name to descriptor; pipes have a process. */
  outs: Record<string, { fd: number; pid?: number }>;
}

/** Names on disk. */
export const memoryNames: NamesOf<AwkMemory> = {
  fields: { globals: "g" },
  inside: { globals: { each: cellNames } },
};

/** The running program's variables, which say where a record ends and which one it is. */
export interface AwkVariables {
  get(name: string): Value;
  set(name: string, value: Value): void;
  text(name: string): string;
}

/** What the interpreter asks of its surroundings. */
export interface AwkHost {
  put(fd: number, text: string): void;
  /** Opens an output; its descriptor (and process). */
  open(how: string, name: string): { fd: number; pid?: number };
  close(out: { fd: number; pid?: number }): number;
  capture(command: string): string;
  system(command: string): number;
  flush(): void;
  file(name: string): string | undefined;
  /** The next record of the main input. */
  record(variables: AwkVariables): string | undefined;
  random(): number;
  now(): number;
  /** More than one process may hold. */
  tooBig(): never;
  /** What matching costs. */
  work: MatchWork;
}
