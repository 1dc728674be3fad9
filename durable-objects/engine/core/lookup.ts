/** Rows by name, for names that come from outside: nothing is inherited, so `constructor` is no row. */
export const lookup = <T>(rows: Record<string, T>): Record<string, T> =>
  Object.assign(Object.create(null) as Record<string, T>, rows);
