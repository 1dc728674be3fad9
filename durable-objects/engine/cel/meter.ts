/**
 * What an evaluation may use. Costs are upstream's units and end it in upstream's words; what upstream leaves to the clock
 * (texts that grow, comparisons of lists within lists, patterns) has bounds of its own, which end it the same way.
 */
import {
  expressionCharactersMax,
  expressionStepsMax,
  matchUnitsPerStepMax,
} from "../core/limits.ts";
import type { MatchBudget } from "../regex/budget.ts";

/** Ends an evaluation; nothing absorbs it. */
export class CostExceeded extends Error {
  override name = "CostExceeded";
  constructor() {
    super("operation cancelled: actual cost limit exceeded");
  }
}

/** k8s: apiserver/pkg/apis/cel/config.go PerCallLimit */
export const perCallLimit = 1_000_000;

export class Meter implements MatchBudget {
  /** In upstream's units. */
  cost = 0;
  readonly limit: number;
  #steps = 0;
  #matching = 0;

  constructor(limit = perCallLimit) {
    this.limit = limit;
  }

  add(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw new CostExceeded();
  }

  /** Values looked at within others. */
  steps(count: number): void {
    this.#steps += count;
    if (this.#steps > expressionStepsMax) throw new CostExceeded();
  }

  /** A text of so many characters is about to be made. */
  text(characters: number): void {
    if (characters > expressionCharactersMax) throw new CostExceeded();
    this.steps(characters / 16);
  }

  get used(): number {
    return this.#matching;
  }
  spend(units: number): void {
    this.#matching += units;
    if (this.#matching > matchUnitsPerStepMax) throw new CostExceeded();
  }
  exhausted(): never {
    throw new CostExceeded();
  }
}
