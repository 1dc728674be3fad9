/** Sizes and costs from least to most, in 64 bits that do not overflow. cel-go: checker.SizeEstimate, CostEstimate */

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The largest number of 64 bits. */
export const most = 2 ** 64;

const bounded = (value: number): number => (value < most ? value : most);

export const between = (min: number, max: number): Range => ({
  // Nothing times without end is nothing.
  min: bounded(Number.isNaN(min) ? 0 : min),
  max: bounded(Number.isNaN(max) ? 0 : max),
});
export const exactly = (value: number): Range => between(value, value);
export const unknownRange: Range = { min: 0, max: most };

export const add = (a: Range, b: Range): Range => between(a.min + b.min, a.max + b.max);
export const multiply = (a: Range, b: Range): Range => between(a.min * b.min, a.max * b.max);
/** Times a factor, rounded up. */
export const times = (a: Range, factor: number): Range =>
  between(
    Math.ceil(a.min * factor),
    a.max >= most && factor >= 1 ? most : Math.ceil(a.max * factor),
  );
export const union = (a: Range, b: Range): Range => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});
