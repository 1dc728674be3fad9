/** Finding a name by some of its letters, in their order. */

/** How well `query` fits: more is better; undefined: not at all. Letters that follow each other or begin a word count more. */
export function fit(query: string, name: string): number | undefined {
  const wanted = query.toLowerCase().replaceAll(/\s+/g, "");
  const letters = name.toLowerCase();
  let score = 0;
  let from = 0;
  let last = -2;
  for (const letter of wanted) {
    const at = letters.indexOf(letter, from);
    if (at < 0) return undefined;
    const begins = at === 0 || /[^a-z0-9]/.test(letters[at - 1]!);
    score += 1 + (at === last + 1 ? 4 : 0) + (begins ? 3 : 0);
    last = at;
    from = at + 1;
  }
  return score - letters.length / 100;
}

/** Those that fit, the best first; without a query all, as they stand. */
export function best<T>(query: string, of: readonly T[], nameOf: (one: T) => string): T[] {
  if (query.trim() === "") return [...of];
  return of
    .map((one) => ({ one, score: fit(query, nameOf(one)) }))
    .filter((found): found is { one: T; score: number } => found.score !== undefined)
    .sort((a, b) => b.score - a.score)
    .map(({ one }) => one);
}
