/** Why a condition does not hold, in its words. */
export interface Problem {
  reason: string;
  message: string;
}
