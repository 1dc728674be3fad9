/** What matching costs. One unit is a character looked at by one state of a pattern. */
import { matchUnitsPerStepMax } from "../core/limits.ts";
import { Errno } from "./errno.ts";
import type { CompileBudget, NoRegex, Regex } from "../regex/regex.ts";

const usPerUnit = 0.02;

/**
 * Counts and charges the work of matching; ENOMEM beyond what one step of a program may have, as a matcher that finds no
 * more memory. The units of a match follow from pattern and text alone, never from what is kept of earlier ones.
 */
export class MatchWork implements CompileBudget {
  #used = 0;
  /** Patterns compiled for this step, by what they come from: each is paid for once in every step that uses it. */
  readonly known = new Map<unknown, Regex | NoRegex>();
  readonly #charge: ((microseconds: number) => void) | undefined;

  readonly #most: number;

  constructor(charge?: (microseconds: number) => void, most = matchUnitsPerStepMax) {
    this.#charge = charge;
    this.#most = most;
  }

  /** A new step begins. */
  begin(): void {
    this.#used = 0;
    this.known.clear();
  }

  /** Since the step began. */
  get used(): number {
    return this.#used;
  }

  get left(): number {
    return this.#most - this.#used;
  }

  spend(units: number): void {
    this.#used += units;
    this.#charge?.(units * usPerUnit);
    if (this.#used > this.#most) this.exhausted();
  }

  exhausted(): never {
    throw new Errno("ENOMEM");
  }
}
