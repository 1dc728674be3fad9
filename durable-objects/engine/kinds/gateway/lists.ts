/** Lists of objects in what a user's own schema let through. */
const isObject = (one: unknown): boolean => typeof one === "object" && one !== null;

/** The list; an empty one where there is something else. Members that are no objects are passed over. */
export const list = <T extends object>(value: readonly T[] | undefined): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]).filter(isObject) : [];

export const numbers = (value: readonly number[] | undefined): number[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "number") : [];

export const texts = (value: readonly string[] | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
