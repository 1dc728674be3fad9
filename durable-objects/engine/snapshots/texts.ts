/** Going through all texts of a value, and how a text shows inside of base64. */
import { toBase64 } from "../runtime/bytes.ts";

/** `name`: the key a text stands under, also through lists; `beside`: what the object that holds it has as its name. */
export type Change = (text: string, name: string, beside: string) => string;

/** The same value where no text in it changes. */
export function mapTexts<T>(value: T, change: Change, name = "", beside = ""): T {
  if (typeof value === "string") return change(value, name, beside) as T;
  if (typeof value !== "object" || value === null) return value;
  const list = Array.isArray(value);
  const from = value as Record<string, unknown>;
  const named = list ? beside : String(from["name"] ?? "");
  let copy: Record<string, unknown> | undefined;
  for (const key in from) {
    const mapped = mapTexts(from[key], change, list ? name : key, named);
    if (mapped === from[key]) continue;
    copy ??= (list ? (value as unknown[]).slice() : { ...from }) as Record<string, unknown>;
    copy[key] = mapped;
  }
  return (copy ?? value) as T;
}

/** Characters of base64 that bytes share with those before them, by how many of a group of three are theirs. */
export const sharedBefore = (before: number): number => Math.ceil((before * 8) / 6);

/** How bytes show in base64 whatever follows, after `before` (0, 1 or 2) others of a group of three: without what they share. */
export function insideBase64(bytes: string, before: number): string {
  const all = toBase64("\0".repeat(before) + bytes);
  return all.slice(sharedBefore(before), Math.floor(((before + bytes.length) * 8) / 6));
}
