/** What is yanked and deleted goes into registers, and is put back from them. */
import { viTextInRowCharactersMax } from "../../../core/limits.ts";
import { Refused, type Editor } from "./editor.ts";
import type { Register } from "./state.ts";
import { keepText } from "./texts.ts";

export interface Held {
  text: string;
  kind: Register["kind"];
}

export const isRegister = (name: string): boolean => /^[a-zA-Z0-9"\-_.:%#/*+]$/.test(name);

/** Puts a text into the register that was named, and those that go with it. */
export function keepYanked(
  ed: Editor,
  name: string | undefined,
  held: Held,
  isDeleted: boolean,
): void {
  const { s, sys } = ed;
  if (name === "_") return;
  const appends = name !== undefined && /[A-Z]/.test(name);
  const to = name?.toLowerCase();
  let { text, kind } = held;
  const old = appends ? ed.register(to!) : undefined;
  if (old) {
    const byLine = old.kind === "l" || kind === "l";
    text = byLine ? `${old.text.replace(/\n$/, "")}\n${text}` : old.text + text;
    if (byLine) {
      kind = "l";
      if (!text.endsWith("\n")) text += "\n";
    }
  }
  const register: Register = { text: keepText(sys, s, text), kind };
  const put = (key: string): void => void (s.registers[key] = { ...register });
  if (to !== undefined && to !== '"') put(to);
  else if (!isDeleted) put("0");
  if (isDeleted && (kind === "l" || text.includes("\n"))) {
    for (let n = 8; n > 0; n--) {
      const moved = s.registers[n];
      if (moved) s.registers[n + 1] = moved;
    }
    put("1");
  } else if (isDeleted && to === undefined) put("-");
  put('"');
}

/** What a register holds. Refused, where it holds nothing. */
export function heldIn(ed: Editor, name = '"'): Held {
  const { s } = ed;
  const special: Record<string, string | undefined> = {
    ".": s.inserted || undefined,
    ":": s.lastCommand,
    "/": s.search?.pattern,
    "%": s.name || undefined,
    "#": s.other,
  };
  const text = special[name];
  const found = text === undefined ? ed.register(name.toLowerCase()) : { text, kind: "c" as const };
  if (!found) throw new Refused(`E353: Nothing in register ${name}`);
  return found;
}

/** The text of a register; undefined: it holds nothing. */
export function textHeld(ed: Editor, name: string): string | undefined {
  try {
    return heldIn(ed, name).text;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** `:registers`. */
export function listed(ed: Editor, only: string): string[] {
  const lines = ["Type Name Content"];
  const names = '"0123456789abcdefghijklmnopqrstuvwxyz-*+';
  for (const name of names) {
    const register = ed.s.registers[name];
    if (!register || (only !== "" && !only.includes(name))) continue;
    const text = (ed.register(name)?.text ?? "").slice(0, viTextInRowCharactersMax);
    const shown = text
      .replaceAll("\n", "^J")
      .replaceAll("\t", "^I")
      .slice(0, ed.s.cols - 12);
    lines.push(`  ${register.kind}  "${name}   ${shown}`);
  }
  const others: [string, string | undefined][] = [
    [".", ed.s.inserted || undefined],
    [":", ed.s.lastCommand],
    ["%", ed.s.name || undefined],
    ["#", ed.s.other],
    ["/", ed.s.search?.pattern],
  ];
  for (const [name, text] of others)
    if (text !== undefined && (only === "" || only.includes(name)))
      lines.push(`  c  "${name}   ${text.slice(0, ed.s.cols - 12)}`);
  return lines;
}
