/** The numbers of RANDOM after it has been given a seed: a minimal standard generator (Park and Miller). */

/** bash: lib/sh/random.c intrand32 */
function next(last: number): number {
  const seed = last === 0 ? 123_459_876 : last;
  const high = Math.trunc(seed / 127_773);
  const low = seed - 127_773 * high;
  const made = 16_807 * low - 2836 * high;
  return made < 0 ? made + 0x7fff_ffff : made;
}

/** The next number of 15 bits, never the one before again, and the seed for the one after it. */
export function drawn([seed, last]: [number, number]): [seed: number, drawn: number] {
  let now = seed;
  for (;;) {
    now = next(now);
    const number = ((now >>> 16) ^ (now & 65_535)) & 32_767;
    if (number !== last) return [now, number];
  }
}
