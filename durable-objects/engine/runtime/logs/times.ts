/** Moments as servers write them. */
import { civil } from "../civil.ts";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const two = (n: number): string => String(n).padStart(2, "0");

/** `20/Nov/2026:22:04:59 +0000`. */
export function commonLogTime(ms: number): string {
  const t = civil(ms);
  return `${two(t.day)}/${months[t.month - 1]}/${t.year}:${two(t.hour)}:${two(t.minute)}:${two(t.second)} +0000`;
}

/** `2026/11/20 22:04:59`. */
export function errorLogTime(ms: number): string {
  const t = civil(ms);
  return `${t.year}/${two(t.month)}/${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
}

/** `Fri, 20 Nov 2026 22:04:59 GMT`. */
export function httpDate(ms: number): string {
  const t = civil(ms);
  return `${days[t.weekday]}, ${two(t.day)} ${months[t.month - 1]} ${t.year} ${two(t.hour)}:${two(t.minute)}:${two(t.second)} GMT`;
}

/** `20 Nov 2026 22:04:59.123`: redis. */
export function redisTime(ms: number): string {
  const t = civil(ms);
  return `${two(t.day)} ${months[t.month - 1]} ${t.year} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}.${String(Math.floor(ms % 1000)).padStart(3, "0")}`;
}

/** `Fri Nov 20 22:04:59.123456 2026`: httpd. */
export function apacheTime(ms: number): string {
  const t = civil(ms);
  return `${days[t.weekday]} ${months[t.month - 1]} ${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}.${String(Math.floor(ms % 1000)).padStart(3, "0")}000 ${t.year}`;
}

/** `2026-11-20T22:04:59.123Z`: JavaScript's. */
export function rfc3339Milli(ms: number): string {
  const t = civil(ms);
  return `${t.year}-${two(t.month)}-${two(t.day)}T${two(t.hour)}:${two(t.minute)}:${two(t.second)}.${String(Math.floor(ms % 1000)).padStart(3, "0")}Z`;
}

/** `2026-11-20 22:04:59`. */
export const plainTime = (ms: number): string => rfc3339Milli(ms).slice(0, 19).replace("T", " ");

/** `I1120 22:04:59.123000`: klog. */
export function klogTime(ms: number): string {
  const t = civil(ms);
  return `I${two(t.month)}${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}.${String(Math.floor(ms % 1000)).padStart(3, "0")}000`;
}
