import { describe, expect, test } from "vitest";
import {
  ageOf,
  goDuration,
  humanDuration,
  parseGoDuration,
  shortHumanDuration,
  untilOf,
} from "../../../durable-objects/engine/machinery/duration.ts";

const M = 60;
const H = 60 * M;
const D = 24 * H;
const Y = 365 * D;

describe("durations as kubectl shows them", () => {
  test.each([
    [-2, "<invalid>", "<invalid>"],
    [-1.5, "0s", "0s"],
    [0, "0s", "0s"],
    [59.9, "59s", "59s"],
    [119, "119s", "1m"],
    [2 * M, "2m", "2m"],
    [9 * M + 59, "9m59s", "9m"],
    [10 * M + 1, "10m", "10m"],
    [3 * H - 1, "179m", "2h"],
    [3 * H, "3h", "3h"],
    [7 * H + 59 * M, "7h59m", "7h"],
    [8 * H + 59 * M, "8h", "8h"],
    [2 * D - 1, "47h", "1d"],
    [2 * D, "2d", "2d"],
    [7 * D + 23 * H, "7d23h", "7d"],
    [8 * D + 23 * H, "8d", "8d"],
    [2 * Y - 1, "729d", "1y"],
    [2 * Y, "2y", "2y"],
    [2 * Y + 3 * D, "2y3d", "2y"],
    [8 * Y + 3 * D, "8y", "8y"],
  ])("%d s", (seconds, long, short) => {
    expect(humanDuration(seconds * 1000)).toBe(long);
    expect(shortHumanDuration(seconds * 1000)).toBe(short);
  });

  test("ages", () => {
    const now = 65_000;
    expect(ageOf("1970-01-01T00:00:00Z", now)).toBe("65s");
    expect(ageOf("1970-01-01T00:02:05Z", now)).toBe("<invalid>");
    expect(ageOf(undefined, now)).toBe("<unknown>");
    expect(ageOf(null, now)).toBe("<unknown>");
    expect(untilOf("1970-01-01T00:02:05Z", now)).toBe("60s");
  });
});

describe("Go's durations", () => {
  test.each([
    [0, "0s"],
    [1500, "1.5s"],
    [90_000, "1m30s"],
    [3_600_000, "1h0m0s"],
    [3_661_001, "1h1m1.001s"],
    [300, "300ms"],
    [0.5, "500µs"],
    [0.0015, "1.5µs"],
    [0.000_002, "2ns"],
    [-1500, "-1.5s"],
  ])("%d ms prints as %s and reads back", (ms, text) => {
    expect(goDuration(ms)).toBe(text);
    expect(parseGoDuration(text)).toBeCloseTo(ms, 9);
  });

  test.each([
    ["1h30m", 5_400_000],
    [".5s", 500],
    ["+5s", 5000],
    ["0", 0],
    ["-0", 0],
  ])("%s reads as %d", (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms);
  });

  test.each(["", "-", "1", "1h 2m", "1d", "s", ".s", "1.5.s"])("%j is none", (text) => {
    expect(parseGoDuration(text)).toBeNaN();
  });
});
