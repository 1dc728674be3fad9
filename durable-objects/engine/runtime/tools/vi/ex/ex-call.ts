/** What an ex command gets. */
import { Refused, type Editor } from "../editor.ts";

export interface ExCall {
  ed: Editor;
  /** Rows it is for; the cursor's where none were given. */
  from: number;
  to: number;
  /** Addresses that were given. */
  given: number;
  bang: boolean;
  arg: string;
  /** As it was typed. */
  name: string;
}

export interface ExCommand {
  /** Whole name, and how much of it must be typed. */
  name: string;
  least: number;
  run: (call: ExCall) => void;
  /** It takes no rows, no argument. */
  noRange?: true;
  noArg?: true;
  /** Without rows it is for all of them. */
  all?: true;
}

/** A register and a count behind a command, as of `:d a 3`. */
export function registerAndCount({ arg, to, from, ed }: ExCall): {
  register?: string;
  from: number;
  to: number;
} {
  const text = arg.trim();
  const register = /^[a-zA-Z"_\-*+](?![a-zA-Z])/.exec(text)?.[0];
  const rest = text.slice(register?.length ?? 0).trimStart();
  if (!/^\d*$/.test(rest)) throw new Refused(`E488: Trailing characters: ${rest}`);
  const count = rest === "" ? undefined : rest;
  const range =
    count === undefined
      ? { from, to }
      : { from: to, to: Math.min(ed.last, to + Number(count) - 1) };
  return { ...(register ? { register } : {}), ...range };
}

/** A count behind a command, as of `:> 3`. */
export function counted(call: ExCall): { from: number; to: number } {
  if (call.arg !== "" && !/^\d+$/.test(call.arg))
    throw new Refused(`E488: Trailing characters: ${call.arg}`);
  return registerAndCount(call);
}
