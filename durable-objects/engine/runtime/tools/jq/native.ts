/** How functions that are not written in jq are declared, and what they see of the machine that runs a filter. */
import type { CompileBudget } from "../../../regex/regex.ts";
import type { JqWork, Value } from "./values.ts";

/** A path, its last step first. */
export interface Path {
  up: Path | undefined;
  step: Value;
}

/** A value, and where it was found. */
export interface At {
  path: Path | undefined;
  value: Value;
  /** It is not what lies at the path any more. */
  lost?: true;
}

/** A filter given as an argument, ready to run. */
export interface Filter {
  run(value: Value): Generator<Value>;
  paths(at: At): Generator<At>;
}

/** What lies outside the filter. */
export interface Surroundings {
  /** The next input; undefined: there is none left. */
  input(): Value | undefined;
  /** Text for standard error. */
  err(text: string): void;
  /** Seconds since 1970. */
  now(): number;
  readonly env: Value;
  readonly file: Value;
  readonly line: number;
}

export interface Machine extends JqWork {
  readonly outside: Surroundings;
  /** Finds and tests patterns. */
  readonly matching: CompileBudget;
}

export interface Native {
  /** One output for one input and one value of each argument. */
  one?(machine: Machine, value: Value, args: Value[]): Value;
  /** Any number of outputs; arguments are filters. */
  many?(machine: Machine, value: Value, args: Filter[]): Generator<Value>;
  /** The same where paths are asked for; without it its outputs lie at no path. */
  paths?(machine: Machine, at: At, args: Filter[]): Generator<At>;
}

/** Ends the program. */
export class Halt extends Error {
  override name = "Halt";
  readonly code: number;
  /** What it says on standard error. */
  readonly said: string;
  constructor(code: number, said: string) {
    super("halt");
    this.code = code;
    this.said = said;
  }
}
