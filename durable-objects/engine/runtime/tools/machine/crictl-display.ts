/** How crictl prints times, sizes and tables. */
import type { Io } from "../tool.ts";

/** docker/go-units: duration.go HumanDuration */
export function ago(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(seconds / 3600);
  if (seconds < 1) return "Less than a second ago";
  if (seconds === 1) return "1 second ago";
  if (seconds < 60) return `${seconds} seconds ago`;
  if (minutes === 1) return "About a minute ago";
  if (minutes < 60) return `${minutes} minutes ago`;
  if (hours === 1) return "About an hour ago";
  if (hours < 48) return `${hours} hours ago`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days ago`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks ago`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months ago`;
  return `${Math.floor(hours / 24 / 365)} years ago`;
}

/** text/tabwriter with the widths of cri-tools: cmd/crictl/display.go */
export function table(io: Io, rows: string[][]): void {
  const widths = (rows[0] ?? []).map((_, i) =>
    Math.max(10, ...rows.map((row) => (row[i] ?? "").length + 3)),
  );
  for (const row of rows)
    io.out(
      `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("")}\n`,
    );
}

/** docker/go-units: size.go HumanSizeWithPrecision 3 */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let at = 0;
  while (value >= 1000 && at < 3) {
    value /= 1000;
    at++;
  }
  return `${Number(value.toPrecision(3))}${units[at]}`;
}
