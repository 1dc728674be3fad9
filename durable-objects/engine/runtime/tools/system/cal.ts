/** cal: a month, or the twelve of a year; Julian until September 1752, when eleven days were left out. */
import { civil, daysOf, monthNames } from "../../civil.ts";
import type { Program } from "../../kernel/types.ts";
import { options } from "../options.ts";
import { type Io, tool } from "../tool.ts";
import { usage } from "../words.ts";

const dayNames = ["Su", "Mo", "Tu", "We", "Th", "Fr", "Sa"];

interface Style {
  /** Days are counted through the year. */
  yearDays: boolean;
  fromMonday: boolean;
}

const isLeap = (year: number): boolean =>
  year % 4 === 0 && (year <= 1752 || year % 100 !== 0 || year % 400 === 0);
const lengths = (year: number): number[] => [
  ...[31, isLeap(year) ? 29 : 28, 31, 30, 31, 30],
  ...[31, 31, 30, 31, 30, 31],
];

/** 0 is Sunday. */
function weekday(year: number, month: number, day: number): number {
  const julian = year < 1752 || (year === 1752 && (month < 9 || (month === 9 && day < 14)));
  if (!julian) return (((daysOf(year, month, day) + 4) % 7) + 7) % 7;
  const before = lengths(year)
    .slice(0, month - 1)
    .reduce((sum, days) => sum + days, 0);
  return (365 * (year - 1) + Math.floor((year - 1) / 4) + before + day + 5) % 7;
}

/** Six weeks, each of its month's days as they are printed. */
function weeks(year: number, month: number, style: Style): string[] {
  const width = style.yearDays ? 3 : 2;
  const all = lengths(year);
  const before = all.slice(0, month - 1).reduce((sum, days) => sum + days, 0);
  const first = (weekday(year, month, 1) + (style.fromMonday ? 6 : 0)) % 7;
  const cells = Array.from({ length: first }, () => "");
  for (let day = 1; day <= all[month - 1]!; day++) {
    if (year === 1752 && month === 9 && day > 2 && day < 14) continue;
    cells.push(String(style.yearDays ? before + day : day));
  }
  return Array.from({ length: 6 }, (_, week) =>
    Array.from({ length: 7 }, (__, day) => (cells[week * 7 + day] ?? "").padStart(width)).join(" "),
  );
}

function headings({ yearDays, fromMonday }: Style): string {
  const names = fromMonday ? [...dayNames.slice(1), "Su"] : dayNames;
  return names.map((name) => (yearDays ? ` ${name}` : name)).join(" ");
}

const centred = (text: string, width: number): string =>
  text.padStart(Math.floor((width - text.length) / 2) + text.length).padEnd(width);

/** A week without days keeps its blanks: as many as there is room for. */
const line = (text: string, blanks: number): string =>
  `${text.trim() === "" ? " ".repeat(blanks) : text.trimEnd()}\n`;

function monthText(year: number, month: number, style: Style): string {
  const days = headings(style);
  const title = centred(`${monthNames[month - 1]} ${year}`, days.length).trimEnd();
  const rows = weeks(year, month, style).map((week) => line(week, days.length + 1));
  return `${title}\n${days}\n${rows.join("")}`;
}

function yearText(year: number, style: Style): string {
  const perRow = style.yearDays ? 2 : 3;
  const days = headings(style);
  const width = days.length * perRow + 2 * (perRow - 1);
  let text = `${centred(String(year), width)}\n\n`;
  for (let first = 1; first <= 12; first += perRow) {
    const months = Array.from({ length: perRow }, (_, i) => first + i);
    text += `${months.map((month) => centred(monthNames[month - 1]!, days.length)).join("  ")}\n`;
    text += `${months.map(() => days).join("  ")}\n`;
    const columns = months.map((month) => weeks(year, month, style));
    for (let week = 0; week < 6; week++)
      text += line(columns.map((column) => column[week]!).join("  "), 79);
  }
  return text;
}

function numberIn(io: Io, text: string, most: number): number {
  if (!/^\d+$/.test(text)) io.fail(`invalid number '${text}'`);
  const number = Number(text);
  if (number < 1 || number > most) io.fail(`number ${text} is not in 1..${most} range`);
  return number;
}

export const cal: Program = tool("cal", (io) => {
  const opts = options(io, "jmy");
  const style = { yearDays: opts.has("j"), fromMonday: opts.has("m") };
  const [one, two, ...more] = opts.rest;
  if (more.length) return usage(io, "cal [-jmy] [[MONTH] YEAR]");
  const today = civil(io.sys.now);
  const month = two === undefined ? undefined : numberIn(io, one!, 12);
  const given = two ?? one;
  const year = given === undefined ? today.year : numberIn(io, given, 9999);
  const whole = opts.has("y") || (given !== undefined && month === undefined);
  io.out(whole ? yearText(year, style) : monthText(year, month ?? today.month, style));
  return 0;
});
