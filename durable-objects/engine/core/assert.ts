/** An impossible state: a fault of Podyard itself, never of its user. Surfaces as a 500 and rolls the turn back. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

/** Throws AssertionError when `condition` does not hold; on in production too. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
