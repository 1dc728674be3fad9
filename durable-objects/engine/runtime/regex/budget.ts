/** What pays for matching: a matcher says what it used, and is ended (ENOMEM) when that is too much. */
export interface MatchBudget {
  /** Units spent since the step began. */
  readonly used: number;
  /** Errno ENOMEM when the step may have no more. */
  spend(units: number): void;
}
