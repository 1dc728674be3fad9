/** What a browser keeps for a page. A frame of another site may have no storage: even to name it throws there. */
export function onStorage<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(localStorage);
  } catch {
    return undefined;
  }
}
