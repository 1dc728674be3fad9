/** The order in which bash goes through the keys of a map: by the buckets of its hash table. */

const bucketsFirst = 1024;

/** FNV-1, 32 bits. bash: lib/sh/hashlib.c hash_string */
function hash(key: string): number {
  let sum = 2_166_136_261;
  for (let i = 0; i < key.length; i++) sum = Math.imul(sum, 16_777_619) ^ key.charCodeAt(i);
  return sum >>> 0;
}

/** Keys in the order of their buckets; those of one bucket the last first. */
export function inMapOrder(keys: readonly string[], first = bucketsFirst): string[] {
  let buckets = first;
  while (keys.length >= buckets * 2) buckets *= 4;
  const placed = keys.map((key, i) => ({ key, at: hash(key) & (buckets - 1), i }));
  placed.sort((a, b) => a.at - b.at || b.i - a.i);
  return placed.map(({ key }) => key);
}
