/** Words of an entry of the history. */
export const wordsOf = (entry: string): string[] =>
  entry.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];

export const lastWord = (entry: string): string => wordsOf(entry).at(-1) ?? "";
