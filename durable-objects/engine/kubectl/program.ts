/**
 * kubectl as a program of the simulated machine. Its state is plain JSON: the answers that its command has had so far, and
 * output not taken yet. The running generator is only kept beside it while the state stays in memory.
 */
import { kubectlJournalCharactersMax } from "../core/limits.ts";
import type { Step } from "../runtime/kernel/calls.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import type { Wait } from "../runtime/kernel/state.ts";
import { add, handOn, type Output } from "./output.ts";
import { beginRun, type Run } from "./run.ts";
import { Continue, isSection, type Ask, type Kept, type Outcome, type Section } from "./work.ts";

/** An answer, the beginning of a section that goes on, that of one that failed, or the result of one that is over. */
type Entry = { answer: unknown } | { section: "begun" | "left" } | { result: unknown };

export interface KubectlState extends Output {
  /** What goes on instead of the command line. */
  continued?: { name: string; data: unknown };
  /** Exit code when it is interrupted; absent: it dies of the signal. */
  onInterrupt?: number;
  /** Answers so far, and their size in characters. */
  journal: Entry[];
  journalSize: number;
  /** Pieces of output since the last entry that were handed on. */
  said: number;
  /** Of the Ask under way. */
  kept?: Kept;
  /** The exit code, once decided. */
  exitCode?: number;
}

interface Live {
  /** The calls of its process, in the step that runs. */
  sys: Sys;
  run: Run;
  /** What it waits for an answer to. */
  asked: Ask | undefined;
}

const lives = new WeakMap<KubectlState, Live>();

/** Lets go of what memory keeps beside a state, as a loss of memory does; for tests. */
export const forgetRun = (state: KubectlState): void => void lives.delete(state);

/** About as many characters as its JSON has. */
function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 4;
  let size = 2;
  for (const [key, inner] of Object.entries(value)) size += key.length + 4 + sizeOf(inner);
  return size;
}

/** An entry of the journal; what was printed before it is handed on and never printed again. */
function enter(state: KubectlState, live: Live, entry: Entry): void {
  collect(state, live);
  state.journal.push(entry);
  state.journalSize += sizeOf(entry);
  state.said = 0;
}

/** Feeds the generator one answer; the borders of sections are passed, and what it asks next is kept. */
function advance(state: KubectlState, live: Live, answer: unknown): void {
  let next = live.run.work.next(answer);
  for (;;) {
    if (next.done) return finish(state, live, next.value);
    const { value } = next;
    if (!isSection(value)) {
      live.asked = value;
      return;
    }
    passBorder(state, live, value);
    next = live.run.work.next(undefined);
  }
}

function passBorder(state: KubectlState, live: Live, section: Section): void {
  if (section.section === "begin") return enter(state, live, { section: "begun" });
  // The innermost section that goes on is the one that ends.
  const begun = state.journal.findLastIndex(
    (entry) => "section" in entry && entry.section === "begun",
  );
  if (section.section === "leave") {
    state.journal[begun] = { section: "left" };
    return enter(state, live, { answer: null });
  }
  collect(state, live);
  state.journal.length = begun;
  state.journalSize = state.journal.reduce((sum, entry) => sum + sizeOf(entry), 0);
  enter(state, live, { result: section.result });
}

function finish(state: KubectlState, live: Live, outcome: Outcome): void {
  collect(state, live);
  lives.delete(state);
  state.journal = [];
  state.journalSize = 0;
  state.said = 0;
  if (!(outcome instanceof Continue)) {
    state.exitCode = outcome ?? 0;
    return;
  }
  state.continued = { name: outcome.name, data: outcome.data };
  if (outcome.onInterrupt === undefined) delete state.onInterrupt;
  else state.onInterrupt = outcome.onInterrupt;
}

/** The generator at the place where the state stands; what it printed on the way there is not printed again. */
function revive(sys: Sys, state: KubectlState): Live | undefined {
  const run = beginRun(sys.argv, state.continued);
  const live: Live = { sys, run, asked: undefined };
  let next = run.work.next();
  for (const entry of state.journal) {
    run.pending.length = 0;
    const answer =
      "result" in entry ? { result: entry.result } : "answer" in entry ? entry.answer : undefined;
    next = run.work.next(answer);
  }
  run.pending.splice(0, state.said);
  lives.set(state, live);
  while (!next.done && isSection(next.value)) {
    passBorder(state, live, next.value);
    next = run.work.next(undefined);
  }
  if (next.done) {
    finish(state, live, next.value);
    return undefined;
  }
  live.asked = next.value as Ask;
  collect(state, live);
  return live;
}

/** Moves what the command printed to what is to be handed on. */
function collect(state: KubectlState, live: Live): void {
  const { pending } = live.run;
  state.said += pending.length;
  for (const [fd, text] of pending) add(live.sys, state, fd, text);
  pending.length = 0;
}

/** What a command must keep while it waits has a bound. */
function hold(sys: Sys, state: KubectlState, wait: Wait): Step {
  if (state.journalSize <= kubectlJournalCharactersMax) {
    sys.held = state.journalSize;
    return { wait };
  }
  sys.held = 0;
  const text = `error: this command holds more than ${kubectlJournalCharactersMax} bytes of answers while it waits\n`;
  lives.delete(state);
  state.journal = [];
  add(sys, state, 2, text);
  state.exitCode = 1;
  return undefined;
}

function step(sys: Sys, state: KubectlState): Step {
  for (;;) {
    const stuck = handOn(sys, state);
    if (stuck) return stuck;
    if (state.exitCode !== undefined) return { exit: state.exitCode };
    const live = lives.get(state) ?? revive(sys, state);
    if (live) live.sys = sys;
    if (!live?.asked || state.output) continue;
    const done = live.asked.perform(sys, (state.kept ??= {}));
    if ("became" in done) return undefined;
    if ("wait" in done) return hold(sys, state, done.wait);
    delete state.kept;
    enter(state, live, { answer: done.answer });
    sys.charge(answerCpuUs + sizeOf(done.answer) / 100);
    advance(state, live, done.answer);
    collect(state, live);
  }
}

const sigint = 2;

/** CPU of what a command does with an answer, microseconds, beside a hundredth of one for each of its bytes. */
const answerCpuUs = 50;
/** CPU of its start: a Go program of 60 MB that builds all its commands. */
const startCpuUs = 15_000;

export const kubectl: Program<KubectlState> = {
  name: "kubectl",
  storedNames: { fields: { output: "o", exitCode: "x" } },
  start(sys) {
    sys.charge(startCpuUs);
    return { journal: [], journalSize: 0, said: 0 };
  },
  step,
  handles: (state, signal) => signal === sigint && state.onInterrupt !== undefined,
  signal(sys, state) {
    lives.delete(state);
    state.exitCode = state.onInterrupt ?? 0;
    return step(sys, state);
  },
  memoryBytes: (state) => 40 * 1024 * 1024 + (state?.journalSize ?? 0),
};
