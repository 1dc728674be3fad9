/** Time in words. Clocks are shown in UTC, as objects, logs and the terminal tell it. */

export const clockText = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

/** With the day, where that is not the one of `nowMs`. */
export function momentText(ms: number, nowMs: number): string {
  const [day, today] = [ms, nowMs].map((one) => new Date(one).toISOString().slice(0, 10));
  return day === today ? clockText(ms) : `${day} ${clockText(ms)}`;
}

const units: [name: string, seconds: number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** The two largest units: `2 h 5 min`. */
export function spanText(seconds: number): string {
  let left = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

/** How far the cluster's time is from the wall's; within two seconds it is with it. */
export function offsetText(seconds: number): string {
  if (Math.abs(seconds) < 2) return "as the wall";
  return `${seconds > 0 ? "+" : "−"}${spanText(seconds)}`;
}

/** The same for a screen reader. */
export function offsetWords(seconds: number): string {
  if (Math.abs(seconds) < 2) return "the same as the wall clock";
  return `${spanText(seconds)} ${seconds > 0 ? "ahead of" : "behind"} the wall clock`;
}

export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;

/** `2026-11-29T14:03` or with seconds, as a field for a moment has it, taken as UTC; undefined: it is none. */
export function momentIn(field: string): string | undefined {
  const ms = Date.parse(`${field}Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** What such a field shows for a moment. */
export const fieldText = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
