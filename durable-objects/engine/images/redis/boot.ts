/** What a redis prints as it starts. */
import type { BootLine } from "../../runtime/image/image.ts";
import { redisTime } from "../../runtime/logs/times.ts";
import { atLeast } from "../tags.ts";

/** `port`: the start had settings of its own, among them perhaps the port. */
export function bootLines(version: string, startedAtMs: number, port?: number): BootLine[] {
  const line = (afterMs: number, mark: string, text: string): BootLine => ({
    afterMs,
    stream: 1,
    text: `1:${afterMs < 10 ? "C" : "M"} ${redisTime(startedAtMs + afterMs)} ${mark} ${text}`,
  });
  return [
    line(2, "*", "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"),
    line(
      2,
      "*",
      `Redis version=${version}, bits=64, commit=00000000, modified=0, pid=1, just started`,
    ),
    port === undefined
      ? line(
          2,
          "#",
          "Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf",
        )
      : line(2, "*", "Configuration loaded"),
    line(12, "*", "monotonic clock: POSIX clock_gettime"),
    line(13, "*", `Running mode=standalone, port=${port ?? 6379}.`),
    line(14, "*", "Server initialized"),
    line(15, "*", `Ready to accept connections${atLeast(version, "7.0.0") ? " tcp" : ""}`),
  ];
}
