/** What is kept only to save time: bounded by being emptied when it is full, so nothing may depend on what is in it. */

/** Keeps a value under a key among at most so many. */
export function keep<K, V>(kept: Map<K, V>, most: number, key: K, value: V): V {
  if (kept.size >= most) kept.clear();
  kept.set(key, value);
  return value;
}

/** The same function, which keeps what it made of at most so many texts. `make` must depend on the text alone. */
export function memo<V>(most: number, make: (text: string) => V): (text: string) => V {
  const kept = new Map<string, V>();
  return (text) => {
    const known = kept.get(text);
    return known !== undefined || kept.has(text)
      ? (known as V)
      : keep(kept, most, text, make(text));
  };
}
