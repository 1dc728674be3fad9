/** What pays for matching: a matcher says what it used, and is ended when that is too much. */
export interface MatchBudget {
  /** Units spent since the step began. */
  readonly used: number;
  /** Throws what `exhausted` throws when the step may have no more. */
  spend(units: number): void;
  /** Ends the matching. */
  exhausted(): never;
}
