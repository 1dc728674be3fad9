import { effect, signal, type Signal } from "@preact/signals";
import { onStorage } from "../ui/storage.ts";

/** A value that this browser keeps. `good` tells whether what was kept is one: it may be of an older page. */
export function remembered<T>(
  name: string,
  otherwise: T,
  good: (kept: unknown) => kept is T,
): Signal<T> {
  const key = `podyard.${name}`;
  const kept = onStorage((storage): unknown => JSON.parse(storage.getItem(key) ?? "null"));
  const value = signal(good(kept) ? kept : otherwise);
  let first = true;
  effect(() => {
    const text = JSON.stringify(value.value);
    if (!first) onStorage((storage) => storage.setItem(key, text));
    first = false;
  });
  return value;
}

export const isText = (kept: unknown): kept is string => typeof kept === "string";
export const isFlag = (kept: unknown): kept is boolean => typeof kept === "boolean";
export const isNumber = (kept: unknown): kept is number => typeof kept === "number";
