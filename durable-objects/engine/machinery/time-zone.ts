/**
 * Time zones without the platform's: each follows one rule from now on, as POSIX writes it (`CET-1CEST,M3.5.0,M10.5.0/3`).
 * time-zones.json is written by scripts/generate-time-zones.ts.
 */
import { calendar } from "../core/clock.ts";
import table from "./time-zones.json" with { type: "json" };

/** A day of each year and a time of that day: the weekday's nth of a month, or (5) its last. */
interface Change {
  month: number;
  week: number;
  weekday: number;
  /** Ms after midnight, of local time before the change. */
  atMs: number;
}
interface Rule {
  standardMs: number;
  summer?: { offsetMs: number; from: Change; to: Change };
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const signedMs = (text: string): number => {
  const negative = text.startsWith("-");
  const [hours = "0", minutes = "0", seconds = "0"] = text.replace(/^[-+]/, "").split(":");
  const ms = Number(hours) * hourMs + Number(minutes) * 60_000 + Number(seconds) * 1000;
  return negative ? -ms : ms;
};

/** Names of its times are letters, or anything in angle brackets. */
const ruleRegex =
  /^(?:<[^>]*>|[A-Za-z]+)([-+0-9:]+)(?:(?:<[^>]*>|[A-Za-z]+)([-+0-9:]*),([^,]+),([^,]+))?$/;

function changeOf(text: string): Change {
  const [day = "", time = "2"] = text.split("/");
  const [month = 0, week = 0, weekday = 0] = day.slice(1).split(".").map(Number);
  return { month, week, weekday, atMs: signedMs(time) };
}

/** RFC 9636 3.3.1, POSIX TZ */
function ruleOf(text: string): Rule {
  const [, standard = "0", summer, from, to] = ruleRegex.exec(text) ?? [];
  // West of Greenwich is positive there.
  const standardMs = 0 - signedMs(standard);
  if (!from || !to) return { standardMs };
  const offsetMs = summer ? 0 - signedMs(summer) : standardMs + hourMs;
  return { standardMs, summer: { offsetMs, from: changeOf(from), to: changeOf(to) } };
}

const compiled = new Map<string, Rule>();

/** The rule of a zone; undefined where there is no such zone. Names are told apart by case, `""` is UTC. */
function zoneNamed(zone: string): Rule | undefined {
  if (zone === "" || zone === "UTC" || zone === "Local") return { standardMs: 0 };
  const known = compiled.get(zone);
  if (known) return known;
  for (const [text, zones] of Object.entries(table))
    if (` ${zones} `.includes(` ${zone} `) && !zone.includes(" ")) {
      const rule = ruleOf(text);
      compiled.set(zone, rule);
      return rule;
    }
  return undefined;
}

/** k8s: what time.LoadLocation finds */
export const isTimeZone = (zone: string): boolean => zoneNamed(zone) !== undefined;

/** Ms from the epoch to the begin of a year. */
function yearStart(year: number): number {
  const before = year - 1;
  const days =
    before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  return (days - 719_162) * dayMs;
}

/** The change in a year, in ms of local time. */
function changeMs(year: number, { month, week, weekday, atMs }: Change): number {
  let first = yearStart(year);
  for (let m = 1; m < month; m++) first = nextMonth(first);
  const shift = (weekday - calendar(first).weekday + 7) % 7;
  let day = first + (shift + (week - 1) * 7) * dayMs;
  if (day >= nextMonth(first)) day -= 7 * dayMs;
  return day + atMs;
}

/** The first of the next month, from the first of one. */
export function nextMonth(first: number): number {
  const inside = first + 32 * dayMs;
  return inside - (calendar(inside).day - 1) * dayMs;
}

/** Ms by which a zone is ahead of UTC at a moment. */
export function offsetMs(zone: string, at: number): number {
  const rule = zoneNamed(zone);
  if (!rule?.summer) return rule?.standardMs ?? 0;
  const { standardMs, summer } = rule;
  const { year } = calendar(at + standardMs);
  const from = changeMs(year, summer.from) - standardMs;
  const to = changeMs(year, summer.to) - summer.offsetMs;
  const isSummer = from < to ? from <= at && at < to : at >= from || at < to;
  return isSummer ? summer.offsetMs : standardMs;
}

/** The moment of a local time; of one that is skipped or comes twice, as Go chooses. Go: time.Date */
export function fromLocal(zone: string, local: number): number {
  const guess = offsetMs(zone, local);
  return guess === 0 ? local : local - offsetMs(zone, local - guess);
}
