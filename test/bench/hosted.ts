/** Rows of what many people at once, and a month of nobody, cost. */
import os from "node:os";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Alive } from "./sandbox-memory.ts";
import type { Class } from "./learners.ts";
import type { Costs } from "./costs.ts";
import type { Created } from "./creations.ts";
import type { TerminalFigures } from "./terminals.ts";
import { measureStartUp } from "../../scripts/start-up.ts";
import { costOf, prices, pricesOf, type Used } from "./prices.ts";

/** What run.ts lends. */
export interface Bench {
  add(figure: string, value: string, target?: string, holds?: boolean): void;
  child<T>(...args: string[]): T;
  seen: Record<string, unknown>;
  /** Another checkout, measured in turn with this one. */
  against: string | undefined;
  root: string;
}

const roundsBeside = 3;
const whole = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 0 });
const fine = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 2 });
const load = (): string => `load ${fine(os.loadavg()[0] ?? 0)}`;

const median = (all: number[]): number =>
  all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;

/** This checkout's rounds, and the other's between them. */
function inTurn<T>(
  { child, against }: Bench,
  file: string,
  count: number,
): { now: T[]; before: T[] } {
  const now: T[] = [];
  const before: T[] = [];
  for (let round = 0; round < (against === undefined ? 1 : roundsBeside); round++) {
    if (against !== undefined) before.push(child<T>(file, String(count), against));
    now.push(child<T>(file, String(count)));
  }
  return { now, before };
}

/** The figure of now, and where there is another checkout, its own and how they stand to each other. */
function beside<T>(found: { now: T[]; before: T[] }, of: (one: T) => number | undefined): string {
  const now = median(found.now.map((one) => of(one) ?? NaN));
  if (found.before.length === 0) return fine(now);
  const before = median(found.before.map((one) => of(one) ?? NaN));
  return `${fine(now)} (before ${fine(before)}, x${fine(now / before)})`;
}

export function creations(bench: Bench): void {
  const found = inTurn<Created>(bench, "test/bench/creations.ts", 300);
  bench.seen["creations"] = found;
  const { add } = bench;
  const perSecond = median(found.now.map(({ creation }) => creation.perSecond));
  const rate = beside(found, ({ creation }) => creation.perSecond);
  add(`sandboxes made per second (${load()})`, rate, "100", perSecond >= 100);
  add(
    "a sandbox made: CPU ms",
    beside(found, ({ cpuMsEach }) => cpuMsEach),
  );
  const first = beside(found, ({ firstNodes }) => firstNodes.p95Ms);
  add("POST sandbox to get nodes: p95 ms", first);
}

export function learners(bench: Bench): void {
  const found = inTurn<Class>(bench, "test/bench/learners.ts", 200);
  bench.seen["learners"] = found;
  const { add } = bench;
  const finished = Math.min(...found.now.map((one) => one.finished));
  const seconds = beside(found, ({ finishedMs }) => finishedMs / 1000);
  add(`200 learners at once: finished (${load()})`, String(finished), "200", finished === 200);
  add("200 learners at once: seconds", seconds, "half of before");
  add(
    "200 learners at once: CPU ms each",
    beside(found, ({ cpuMsEach }) => cpuMsEach),
  );
  const lists = beside(found, ({ listP95Ms }) => listP95Ms);
  add("a list while they are made: p95 ms", lists, "half of before");
}

export function alive({ add, child, seen }: Bench): void {
  const found = child<Alive>("test/bench/sandbox-memory.ts", "1000");
  seen["alive"] = found;
  const { sandboxes, awakeBytesEach, awakeRssBytesEach, asleepBytesEach } = found;
  const mb = (bytes: number): string => `${fine(bytes / 1e6)} MB`;
  const awake = `${mb(awakeBytesEach)} (process ${mb(awakeRssBytesEach)})`;
  add(`${whole(sandboxes)} sandboxes awake: memory of each`, awake, "2 MB", awakeBytesEach <= 2e6);
  const asleep = `${whole(asleepBytesEach)} bytes`;
  add(`${whole(sandboxes)} sandboxes asleep: memory of each`, asleep, "nothing");
}

const quantities = Object.keys(prices) as (keyof typeof prices)[];
const dollars = (amount: number): string => (amount === 0 ? "0" : `$${amount.toFixed(6)}`);
const centsOf = (used: Used): number => costOf(used) * 100;

export function costs({ add, child, seen, root }: Bench, write: boolean): void {
  const found = child<Costs>("test/bench/costs.ts");
  seen["costs"] = found;
  for (const name of quantities) {
    const [hour, month] = [found.hour[name] ?? 0, found.month[name] ?? 0];
    if (hour || month) add(`${prices[name].of}: hour, idle month`, `${fine(hour)}, ${fine(month)}`);
  }
  const hour = centsOf(found.hour);
  add("an hour of a learner: US cents", fine(hour), "0.1", hour < 0.1);
  const { alarms, objectSeconds = 0, objectRowsWritten = 0, requests = 0 } = found.page;
  const idle = [alarms, objectSeconds, objectRowsWritten, requests];
  add(
    "an hour of an open page that nobody touches: alarms, object seconds, rows written, requests",
    idle.map(whole).join(", "),
    "0, 0, 0, 0",
    idle.every((count) => count === 0),
  );
  add("a month in which nobody comes: US cents", fine(centsOf(found.month)), "its bytes");
  if (write) writeTable(root, tableOf(found));
}

/** As README.md shows it. */
function tableOf({ hour, month, commands }: Costs): string {
  const rows = quantities
    .filter((name) => (hour[name] ?? 0) > 0 || (month[name] ?? 0) > 0)
    .map((name) => {
      const counts = [hour[name] ?? 0, month[name] ?? 0];
      const cells = counts.map((n) => `${fine(n)} | ${dollars(costOf({ [name]: n }))}`);
      return `| ${prices[name].of} | ${cells.join(" | ")} |`;
    });
  const totals = [hour, month].map((used) => `  | **${dollars(costOf(used))}** |`).join("");
  return [
    `Cloudflare's prices of ${pricesOf}; what its plan includes is not taken off. The hour has ${commands} commands, five shells of a minute and the page open all the time. The CPU is that of the whole local process.`,
    "",
    "| billed | a learner's hour | costs | an idle month | costs |",
    "|---|---|---|---|---|",
    ...rows,
    `| **together** |${totals}`,
  ].join("\n");
}

const marks = ["<!-- costs: npm run bench -- --only costs --write -->", "<!-- /costs -->"] as const;

function writeTable(root: string, table: string): void {
  const file = path.join(root, "README.md");
  const text = readFileSync(file, "utf8");
  const [from, to] = marks.map((mark) => text.indexOf(mark)) as [number, number];
  if (from < 0 || to < from) throw new Error("README.md has no place for the costs");
  writeFileSync(file, `${text.slice(0, from + marks[0].length)}\n${table}\n${text.slice(to)}`);
}

export function startUp({ add, seen }: Bench): void {
  const { kib, gzipKib, cpuMs } = measureStartUp();
  seen["startup"] = { kib, gzipKib, cpuMs };
  const gzipBytes = gzipKib * 1024;
  const sizes = `${whole(kib)} KiB, ${whole(gzipBytes)} bytes`;
  add("the Worker: bytes, gzip", sizes, "gzip 1,500,000", gzipBytes < 1.5e6);
  add(`the Worker's cold start: CPU (${load()})`, `${fine(cpuMs)} ms`, "100 ms", cpuMs < 100);
}

export function terminals(bench: Bench): void {
  const found = bench.child<TerminalFigures>("test/bench/terminals.ts");
  bench.seen["terminals"] = found;
  const { add } = bench;
  const { rowsPerKey, bytesPerKey, echo, idleHour, commands } = found;
  add(
    "a terminal's key: rows, bytes",
    `${fine(rowsPerKey)}, ${whole(bytesPerKey)}`,
    "1 row",
    rowsPerKey <= 1,
  );
  const times = `${fine(echo.p50Ms)} ms, ${fine(echo.p95Ms)} ms`;
  add(
    `workerd: a terminal's key to its echo (p50, p95; ${load()})`,
    times,
    "p95 10 ms",
    echo.p95Ms < 10,
  );
  const idle = `${idleHour.alarms}, ${idleHour.rows}, ${whole(idleHour.objectMs)} ms`;
  add(
    "an open terminal, an idle hour: alarms, rows, awake",
    idle,
    "0, 0, 0 ms",
    idle === "0, 0, 0 ms",
  );
  const theirs =
    commands.theirMs === undefined ? "KUBECTL names none" : `${whole(commands.theirMs)} ms`;
  add(
    `${commands.count} kubectl commands: CPU, real kubectl's time`,
    `${whole(commands.ourCpuMs)} ms : ${theirs}`,
  );
}
