/** Durations with a letter for their unit, as sleep takes them. */
import { foreverMs } from "../../core/clock.ts";

/** `1.5m` in ms; `infinity` and what is as long as it end never. Undefined when it is none. */
export function duration(text: string): number | undefined {
  if (text.length > 400) return undefined;
  if (/^\+?inf(inity)?[smhd]?$/i.test(text)) return foreverMs;
  const match = /^\+?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?([smhd]?)$/i.exec(text);
  if (!match) return undefined;
  const unit = { s: 1, m: 60, h: 3600, d: 86_400, "": 1 }[match[3] as "s"];
  if (unit === undefined) return undefined;
  return Math.min(Number(match[1] + (match[2] ?? "")) * 1000 * unit, foreverMs);
}
