/** `declare`, `typeset`, `local`, `export`, `readonly`, `unset` in bash. */
import type { Builtin } from "../builtin.ts";
import { Expander } from "../expand.ts";
import { Parser } from "../parser.ts";
import { ExpansionProblem } from "../problems.ts";
import type { Shell } from "../shell.ts";
import {
  exported,
  indexed,
  lowerCase,
  mapped,
  nameReference,
  readOnly,
  upperCase,
  type ListItem,
  type Variable,
} from "../state.ts";
import { attributeLetters, declaration } from "./attributes.ts";
import { functionText, functionNames } from "./function-text.ts";
import { usage } from "./usage.ts";

interface Wanted {
  /** Marks that are given, and those that are taken away. */
  on: number;
  off: number;
  /** Letters that are no marks. */
  others: string;
  rest: [word: string, list: ListItem[] | undefined][];
}

const markOf = (letter: string): number =>
  attributeLetters.find(([known]) => known === letter)?.[1] ?? 0;

/** Options and the words behind them, or a letter that is none. */
function wanted(shell: Shell, argv: readonly string[], letters: string): Wanted | string {
  const into: Wanted = { on: 0, off: 0, others: "", rest: [] };
  let i = 1;
  for (; i < argv.length && /^[-+][a-zA-Z]/.test(argv[i]!); i++)
    for (const letter of argv[i]!.slice(1)) {
      if (!letters.includes(letter)) return `${argv[i]![0]}${letter}`;
      const mark = markOf(letter);
      if (mark === 0) into.others += letter;
      else if (argv[i]!.startsWith("-")) into.on |= mark;
      else into.off |= mark;
    }
  if (argv[i] === "--") i++;
  for (; i < argv.length; i++) into.rest.push([argv[i]!, shell.lists?.[i]]);
  return into;
}

const assignment = /^([A-Za-z_]\w*)(?:\[([^]*?)\])?(?:(\+?)=([^]*))?$/;

/** Gives a variable its marks and, where there is one, its value. False: it was complained. */
function declareOne(
  shell: Shell,
  word: string,
  list: ListItem[] | undefined,
  on: number,
  off: number,
): boolean {
  const [, name, sub, plus, value] = assignment.exec(word) ?? [];
  if (name === undefined) {
    shell.complain(`\`${word}': not a valid identifier`);
    return false;
  }
  const old = shell.state.variables[name];
  if (old && readOnly & old[1] && (value !== undefined || list || off & readOnly))
    throw new ExpansionProblem(`${name}: is read only`);
  if (on & nameReference) return referTo(shell, name, value);
  if (old && on & mapped && old[1] & indexed)
    return unconverted(shell, name, "indexed to associative");
  if (old && on & indexed && old[1] & mapped)
    return unconverted(shell, name, "associative to indexed");
  const late = on & (readOnly | exported);
  prepare(shell, name, on & ~late & ~nameReference, off, sub !== undefined || list !== undefined);
  const append = plus === "+";
  if (!list && value !== undefined && on & (indexed | mapped) && /^\([^]*\)$/.test(value)) {
    const items = new Parser(`a=${value}`, 0, { bash: true, ext: false }).listAlone();
    if (items) return listed(shell, name, new Expander(shell, []).list(items), append, late);
  }
  if (list) shell.setList(name, list, append);
  else if (value !== undefined && sub !== undefined) shell.setElement(name, sub, value, append);
  else if (value !== undefined) shell.set(name, value, 0, append);
  if (late) shell.mark(shell.resolved(name), late);
  return true;
}

function listed(
  shell: Shell,
  name: string,
  items: ListItem[],
  append: boolean,
  marks: number,
): boolean {
  shell.setList(name, items, append);
  if (marks) shell.mark(shell.resolved(name), marks);
  return true;
}

function unconverted(shell: Shell, name: string, what: string): boolean {
  shell.complain(`${name}: cannot convert ${what} array`);
  return false;
}

/** Marks a variable, and makes an array of it where it is to be one. */
function prepare(shell: Shell, name: string, on: number, off: number, array: boolean): void {
  const { state } = shell;
  const target = off & nameReference ? name : shell.resolved(name);
  const old: Variable = state.variables[target] ?? [
    shell.get(target) ?? null,
    target in shell.sys.env ? exported : 0,
  ];
  let marks = (old[1] | on) & ~off;
  // Of the two cases the last counts.
  if (on & lowerCase) marks &= ~upperCase;
  if (on & upperCase) marks &= ~lowerCase;
  const isArray = old[2] !== undefined || (marks & (indexed | mapped)) !== 0 || array;
  if (!isArray) {
    state.variables[target] = [old[0], marks];
    return;
  }
  if (!(marks & mapped)) marks |= indexed;
  const first: Record<string, string> =
    old[0] === null ? {} : { [marks & mapped ? ".0" : "0"]: old[0] };
  state.variables[target] = [old[2] ? old[0] : old[0] === null ? null : "", marks, old[2] ?? first];
}

function referTo(shell: Shell, name: string, target: string | undefined): boolean {
  if (target !== undefined && !/^[A-Za-z_]\w*(\[[^]+\])?$/.test(target)) {
    shell.complain(`\`${target}': invalid variable name for name reference`);
    return false;
  }
  if (target === name) {
    shell.complain(`${name}: nameref variable self references not allowed`);
    return false;
  }
  const old = shell.state.variables[name];
  shell.state.variables[name] = [target ?? old?.[0] ?? null, (old?.[1] ?? 0) | nameReference];
  return true;
}

/** Saves what a function's variable hides, so that its end brings it back. */
function hide(shell: Shell, name: string): void {
  const call = shell.state.frames.findLast(
    (frame) => frame.kind === "call" && frame.name !== undefined,
  );
  if (call?.kind !== "call" || name in call.locals) return;
  const old = shell.state.variables[name];
  call.locals[name] = old ?? null;
  const kept = shell.shopt("localvar_inherit") ? old : undefined;
  if (kept)
    shell.state.variables[name] = [
      kept[0],
      kept[1],
      ...(kept[2] ? [{ ...kept[2] }] : []),
    ] as Variable;
  // What is exported outside stays so inside.
  else shell.state.variables[name] = [null, (old?.[1] ?? 0) & exported];
}

const inFunction = ({ state }: Shell): boolean =>
  state.frames.some((frame) => frame.kind === "call" && frame.name !== undefined);

/** Lines of `declare -p`. */
function show(shell: Shell, names: readonly string[], on: number): number {
  let status = 0;
  const asked = names.length ? names : shell.declared();
  for (const name of asked) {
    const variable = shell.variableOf(name);
    if (!variable) {
      shell.complain(`${name}: not found`);
      status = 1;
    } else if (names.length || !on || (variable[1] & on) !== 0)
      shell.write(1, `${declaration(name, variable)}\n`);
  }
  return status;
}

function showFunctions(shell: Shell, names: readonly string[], short: boolean): number {
  let status = 0;
  for (const name of names.length ? names : functionNames(shell)) {
    if (!Object.hasOwn(shell.state.functions, name)) status = 1;
    else if (!short) shell.write(1, functionText(shell, name));
    else shell.write(1, names.length ? `${name}\n` : `declare -f ${name}\n`);
  }
  return status;
}

function all(
  shell: Shell,
  { rest }: Wanted,
  work: (word: string, list?: ListItem[]) => boolean,
): number {
  let status = 0;
  for (const [word, list] of rest) {
    try {
      if (!work(word, list)) status = 1;
    } catch (error) {
      if (!(error instanceof ExpansionProblem)) throw error;
      if (/error token is/.test(error.message)) throw error;
      shell.complain(error.message);
      status = 1;
    }
  }
  return status;
}

export const declare: Builtin = (shell, argv) => {
  const asked = wanted(shell, argv, "aAfFgiIlnrtuxp");
  if (typeof asked === "string") return usage(shell, asked);
  const { on, off, others } = asked;
  const names = asked.rest.map(([word]) => word);
  if (/[fF]/.test(others)) return showFunctions(shell, names, others.includes("F"));
  if (others.includes("p")) return show(shell, names, on);
  if (names.length === 0) {
    if (on === 0) showAll(shell);
    else show(shell, [], on);
    return 0;
  }
  const local = inFunction(shell) && !others.includes("g");
  return all(shell, asked, (word, list) => {
    const name = /^[A-Za-z_]\w*/.exec(word)?.[0];
    if (local && name !== undefined) hide(shell, name);
    return declareOne(shell, word, list, on, off);
  });
};

/** `declare` without words: variables as `set` has them, then functions. */
function showAll(shell: Shell): void {
  for (const line of shell.listing()) shell.write(1, line);
  for (const name of functionNames(shell)) shell.write(1, functionText(shell, name));
}

export const local: Builtin = (shell, argv) => {
  if (!inFunction(shell)) {
    shell.complain("can only be used in a function");
    return 1;
  }
  const asked = wanted(shell, argv, "aAiIlnrtuxp");
  if (typeof asked === "string") return usage(shell, asked);
  return all(shell, asked, (word, list) => {
    const call = shell.state.frames.findLast(
      (frame) => frame.kind === "call" && frame.name !== undefined,
    );
    if (word === "-" && call?.kind === "call") {
      call.callerOptions ??= shell.state.options;
      return true;
    }
    const name = /^[A-Za-z_]\w*/.exec(word)?.[0];
    if (name !== undefined && assignment.test(word)) {
      if ((shell.state.variables[name]?.[1] ?? 0) & readOnly)
        throw new ExpansionProblem(`${name}: is read only`);
      hide(shell, name);
    }
    return declareOne(shell, word, list, asked.on, asked.off);
  });
};

/** `export` or `readonly`. */
export const marking =
  (mark: number): Builtin =>
  (shell, argv) => {
    const asked = wanted(shell, argv, mark === exported ? "fnp" : "aAfp");
    if (typeof asked === "string") return usage(shell, asked);
    // The letter n takes the mark away here.
    const away = mark === exported && (asked.on & nameReference) !== 0;
    if (asked.rest.length === 0) return show(shell, [], mark);
    if (asked.others.includes("f"))
      return all(shell, asked, (name) => exportFunction(shell, name, mark, away));
    const on = asked.on & (indexed | mapped);
    return all(shell, asked, (word, list) =>
      declareOne(shell, word, list, away ? on : on | mark, away ? mark : 0),
    );
  };

function exportFunction(shell: Shell, name: string, mark: number, away: boolean): boolean {
  const { state } = shell;
  if (!Object.hasOwn(state.functions, name)) {
    shell.complain(`${name}: not a function`);
    return false;
  }
  if (mark !== exported) return true;
  const others = (state.exportedFunctions ?? []).filter((known) => known !== name);
  state.exportedFunctions = away ? others : [...others, name];
  return true;
}

export const unset: Builtin = (shell, argv) => {
  const asked = wanted(shell, argv, "fvn");
  if (typeof asked === "string") return usage(shell, asked);
  const functions = asked.others.includes("f");
  const reference = (asked.on & nameReference) !== 0;
  return all(shell, asked, (word) => {
    if (functions) return unsetFunction(shell, word);
    const [, name, sub, , value] = assignment.exec(word) ?? [];
    if (name === undefined || value !== undefined) {
      if (asked.others.includes("v")) {
        shell.complain(`\`${word}': not a valid identifier`);
        return false;
      }
      return unsetFunction(shell, word);
    }
    if (sub !== undefined) shell.unsetElement(name, sub);
    else if (!asked.others && !shell.variableOf(name)) unsetFunction(shell, name);
    else unsetVariable(shell, reference ? name : shell.resolved(name));
    return true;
  });
};

function unsetFunction({ state }: Shell, name: string): boolean {
  if (Object.hasOwn(state.functions, name)) delete state.functions[name];
  return true;
}

function unsetVariable(shell: Shell, name: string): void {
  if (name.includes("[")) {
    const [, array, sub] = /^([A-Za-z_]\w*)\[([^]*)\]$/.exec(name) ?? [];
    if (array !== undefined) shell.unsetElement(array, sub ?? "");
    return;
  }
  shell.unset(name);
}
