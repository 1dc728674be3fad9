/** Questions on standard error that a line of standard input answers: rm -i, cp -i, mv -i. */
import type { Step } from "../../kernel/calls.ts";
import type { Options } from "../options.ts";
import type { Io } from "../tool.ts";

/** Of a tool's state: a question that was put, with its answer so far. */
export interface Question {
  answer?: string;
}

/** Whether `-i` is the last word among the options that say the opposite. */
export const wantsQuestions = (opts: Options, against: string): boolean =>
  opts.order.findLast((letter) => letter === "i" || against.includes(letter)) === "i";

/**
 * The answer to a question; "later": it is on its way out, "wait": its answer has not come. Read by single bytes, as what
 * follows is not for this question.
 */
export function ask(io: Io, state: Question, text: string): boolean | "later" | "wait" {
  if (state.answer === undefined) {
    io.err(text);
    state.answer = "";
    return "later";
  }
  for (;;) {
    const byte = io.sys.read(0, 1);
    if (byte === undefined) return "wait";
    if (byte === "" || byte === "\n") break;
    state.answer += byte;
  }
  const yes = /^\s*y/i.test(state.answer);
  delete state.answer;
  return yes;
}

/** What to do meanwhile. */
export const questionStep = (answer: "later" | "wait"): Step =>
  answer === "wait" ? { wait: { readable: [0] } } : undefined;
