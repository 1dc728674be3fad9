/** Moments as journalctl takes them. */
import { describe, expect, it, test } from "vitest";
import { systemdTime } from "../../../../durable-objects/engine/runtime/node/systemd-time.ts";
import { onNode } from "../../../helpers/node-shell.ts";
import { start, World } from "../../../helpers/world.ts";

const now = start + 10.5 * 3_600_000;

describe("a moment", () => {
  test.each([
    ["now", 0],
    ["today", -10.5 * 3600],
    ["yesterday", -34.5 * 3600],
    ["tomorrow", 13.5 * 3600],
    ["-5m", -300],
    ["-1h 30min", -5400],
    ["+2s", 2],
    ["90", undefined],
    ["5 minutes ago", -300],
    ["5 min ago", -300],
    ["1 hour ago", -3600],
    ["2 days left", 2 * 86_400],
    ["10:00", -1800],
    ["10:00:30", -1770],
    ["2026-01-01", -10.5 * 3600],
    ["2026-01-01 10:00:00", -1800],
    ["2026-01-01 10:00:00 UTC", -1800],
    [`@${start / 1000}`, -10.5 * 3600],
    ["", undefined],
    ["some day", undefined],
    ["5 lightyears ago", undefined],
  ])("%j", (text, seconds) => {
    const ms = seconds === undefined ? undefined : now + seconds * 1000;
    expect(systemdTime(text, now)).toBe(ms);
  });
});

it("journalctl shows a while alone", () => {
  const world = new World({ nodes: 1 });
  world.advance(600_000);
  onNode(world, "node-1", "systemctl restart kubelet");
  world.advance(5_000);
  const run = (line: string): string => onNode(world, "node-1", line).out;
  expect(run("journalctl -u kubelet --since '1 min ago'")).toContain("Started kubelet.service");
  expect(run("journalctl -u kubelet -S -1min -o cat | wc -l")).not.toBe(
    run("journalctl -u kubelet -o cat | wc -l"),
  );
  expect(run("journalctl -u kubelet --until '2 min ago' -o cat | grep -c Stopp")).toBe("0\n");
  expect(onNode(world, "node-1", "journalctl --since soon")).toMatchObject({
    err: expect.stringContaining("Failed to parse timestamp: soon"),
    code: 1,
  });
});
