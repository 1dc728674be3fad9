/** A line typed at the bottom: a pattern, a file's name, an option's, a command. */
import { typedLineBytesMax, typedLinesKeptMax } from "../../../core/limits.ts";
import { before, after } from "../../readline/line.ts";
import type { Typed, View } from "./state.ts";

export function beginTyping(view: View, prompt: string): void {
  view.typed = { prompt, text: "", point: 0 };
}

/** What switches a search, at its start. */
const modifiers: Record<string, "not" | "fixed" | "everywhere" | "fromEnd"> = {
  "!": "not",
  "\x0e": "not",
  "*": "everywhere",
  "\x05": "everywhere",
  "@": "fromEnd",
  "\x06": "fromEnd",
  "\x12": "fixed",
};

function modifies(typed: Typed, key: string): boolean {
  const name = modifiers[key];
  if (!name || typed.text !== "" || !/[/?&]$/.test(typed.prompt)) return false;
  if (typed.prompt.startsWith("&") && name !== "not" && name !== "fixed") return false;
  if (typed[name]) delete typed[name];
  else typed[name] = true;
  const words = [
    typed.not ? "Non-match " : "",
    typed.fixed ? "Regex-off " : "",
    typed.fromEnd ? "First-file " : "",
    typed.everywhere ? "EOF-ignore " : "",
  ];
  typed.prompt = words.join("") + (typed.prompt.match(/&?[/?]$/)?.[0] ?? "/");
  return true;
}

function recall(view: View, typed: Typed, by: number): void {
  const list = view.earlier[kindOf(typed)] ?? [];
  const at = (typed.earlier ?? 0) + by;
  if (at < 0 || at > list.length) return;
  typed.text = at === 0 ? "" : (list[list.length - at] as string);
  typed.point = typed.text.length;
  if (at === 0) delete typed.earlier;
  else typed.earlier = at;
}

const kindOf = (typed: Typed): string => (/[/?]$/.test(typed.prompt) ? "/" : typed.prompt);

/** Keeps a line for the arrow keys. */
export function remember(view: View, typed: Typed): void {
  const kind = kindOf(typed);
  const list = (view.earlier[kind] ?? []).filter((text) => text !== typed.text);
  if (typed.text !== "") view.earlier[kind] = [...list, typed.text].slice(-typedLinesKeptMax);
}

function replace(typed: Typed, from: number, to: number, text: string): void {
  typed.text = typed.text.slice(0, from) + text + typed.text.slice(to);
  typed.point = from + text.length;
}

function wordStart(text: string, point: number): number {
  let at = point;
  while (at > 0 && text[at - 1] === " ") at--;
  while (at > 0 && text[at - 1] !== " ") at--;
  return at;
}

/** Takes a key; "done" at the line's end, "given up" where it is left. */
export function typeKey(view: View, typed: Typed, key: string): "done" | "given up" | undefined {
  const { text, point } = typed;
  if (key === "\r" || key === "\n" || key === "enter") return "done";
  if (key === "\x07" || key === "\x03") return "given up";
  if (key === "\x7f" || key === "\b") {
    if (text === "") return "given up";
    replace(typed, before(text, point), point, "");
  } else if (key === "\x15") replace(typed, 0, text.length, "");
  else if (key === "\x17" || key === "M-\x7f") replace(typed, wordStart(text, point), point, "");
  else if (key === "left" || key === "M-h") typed.point = before(text, point);
  else if (key === "right" || key === "M-l") typed.point = after(text, point);
  else if (key === "home" || key === "M-0") typed.point = 0;
  else if (key === "end" || key === "M-$") typed.point = text.length;
  else if (key === "C-left" || key === "M-b") typed.point = wordStart(text, point);
  else if (key === "delete" || key === "M-x") {
    replace(typed, point, after(text, point), "");
  } else if (key === "up" || key === "M-k") recall(view, typed, 1);
  else if (key === "down" || key === "M-j") recall(view, typed, -1);
  else if (modifies(typed, key)) return undefined;
  else if (key.length === 1 || key.charCodeAt(0) >= 0x80) {
    if (text.length < typedLineBytesMax) replace(typed, point, point, key);
  }
  return undefined;
}
