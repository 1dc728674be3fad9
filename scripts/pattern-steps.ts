import type { AST } from "@eslint-community/regexpp";

/**
 * A backtracking matcher that counts its steps, and texts that make it take many. V8 matches in the same order, so what
 * takes it more than linear time does so here, and a count needs no clock.
 */

type Next = (at: number) => boolean;
type Match = (run: Run, at: number, next: Next) => boolean;

interface Run {
  text: string;
  steps: number;
  groups: Map<AST.CapturingGroup, string>;
}

/** A search ends here: enough to tell, whatever the pattern. */
export const stepsMax = 200_000;
class TooManySteps extends Error {}

function step(run: Run): void {
  if (++run.steps > stepsMax) throw new TooManySteps();
}

const sequence = (parts: Match[]): Match =>
  parts.reduceRight<Match>(
    (rest, part) => (run, at, next) => part(run, at, (to) => rest(run, to, next)),
    (_run, at, next) => next(at),
  );

const choice =
  (options: Match[]): Match =>
  (run, at, next) => {
    step(run);
    return options.some((option) => option(run, at, next));
  };

function quantified({ min, max, greedy }: AST.Quantifier, body: Match): Match {
  const from = (run: Run, count: number, at: number, next: Next): boolean => {
    step(run);
    const more = (): boolean =>
      count < max &&
      body(run, at, (to) => (to > at || count < min) && from(run, count + 1, to, next));
    const enough = (): boolean => count >= min && next(at);
    return greedy ? more() || enough() : enough() || more();
  };
  return (run, at, next) => from(run, 0, at, next);
}

/** How far a look behind may reach; ours are short. */
const lookBehindMax = 8;

function lookaround(node: AST.LookaroundAssertion, flags: string): Match {
  const body = choice(node.alternatives.map((one) => compile(one, flags)));
  return (run, at, next) => {
    let found = node.kind === "lookahead" && body(run, at, () => true);
    if (node.kind === "lookbehind")
      for (let from = Math.max(0, at - lookBehindMax); from <= at && !found; from++)
        found = body(run, from, (to) => to === at);
    return found !== node.negate && next(at);
  };
}

function assertion(node: AST.EdgeAssertion | AST.WordBoundaryAssertion, flags: string): Match {
  const newline = (c: string | undefined): boolean => c === "\n" || c === "\r";
  const word = (c: string | undefined): boolean => c !== undefined && /\w/.test(c);
  const lines = flags.includes("m");
  const holds = (run: Run, at: number): boolean => {
    if (node.kind === "start") return at === 0 || (lines && newline(run.text[at - 1]));
    if (node.kind === "end") return at === run.text.length || (lines && newline(run.text[at]));
    return (
      (word(run.text[at - 1]) !== word(run.text[at])) !== (node as AST.WordBoundaryAssertion).negate
    );
  };
  return (run, at, next) => {
    step(run);
    return holds(run, at) && next(at);
  };
}

/** One character: V8 itself says which ones it takes. */
export function takes(node: AST.Element, flags: string): (c: string) => boolean {
  const one = new RegExp(`^(?:${node.raw})$`, flags.replace(/[gym]/g, ""));
  const known = new Map<string, boolean>();
  return (c) => {
    const answer = known.get(c) ?? one.test(c);
    known.set(c, answer);
    return answer;
  };
}

function compile(node: AST.Node, flags: string): Match {
  switch (node.type) {
    case "Pattern":
    case "Group":
      return choice(node.alternatives.map((one) => compile(one, flags)));
    case "CapturingGroup": {
      const body = choice(node.alternatives.map((one) => compile(one, flags)));
      return (run, at, next) =>
        body(run, at, (to) => {
          const before = run.groups.get(node);
          run.groups.set(node, run.text.slice(at, to));
          if (next(to)) return true;
          if (before === undefined) run.groups.delete(node);
          else run.groups.set(node, before);
          return false;
        });
    }
    case "Alternative":
      return sequence(node.elements.map((one) => compile(one, flags)));
    case "Quantifier":
      return quantified(node, compile(node.element, flags));
    case "Assertion":
      return node.kind === "lookahead" || node.kind === "lookbehind"
        ? lookaround(node, flags)
        : assertion(node, flags);
    case "Backreference":
      return (run, at, next) => {
        step(run);
        const group = [node.resolved].flat()[0];
        const text = (group && run.groups.get(group)) ?? "";
        return run.text.startsWith(text, at) && next(at + text.length);
      };
    default: {
      const taken = takes(node as AST.Element, flags);
      return (run, at, next) => {
        step(run);
        return at < run.text.length && taken(run.text.charAt(at)) && next(at + 1);
      };
    }
  }
}

/** Where the first match from a place on ends; undefined: there is none. */
function search(run: Run, whole: Match, from: number, sticky: boolean): number | undefined {
  for (let at = from; at <= run.text.length; at++) {
    const ends: number[] = [];
    run.groups.clear();
    // An empty match moves on by one, as `matchAll` does.
    if (whole(run, at, (to) => ends.push(Math.max(to, at + 1)) > 0)) return ends[0];
    if (sticky) break;
  }
  return undefined;
}

/** Steps of a search, of all matches where the flags say so; at most `stepsMax`. */
export function stepCounter(pattern: AST.Pattern, flags: string): (text: string) => number {
  const whole = compile(pattern, flags);
  return (text) => {
    const run: Run = { text, steps: 0, groups: new Map() };
    try {
      let from: number | undefined = 0;
      do from = search(run, whole, from, flags.includes("y"));
      while (from !== undefined && flags.includes("g"));
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error;
    }
    return run.steps;
  };
}
