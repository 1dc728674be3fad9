/** A line of redis' log. */
import type { Sys } from "../../runtime/kernel/types.ts";
import { redisTime } from "../../runtime/logs/times.ts";

/** `mark`: `*` notice, `#` warning, `-` verbose. `role`: M master, S replica, C child. */
export function say(sys: Sys, mark: string, text: string, role = "M"): void {
  sys.write(1, `${sys.pid}:${role} ${redisTime(sys.now)} ${mark} ${text}\n`);
}
