/**
 * Long texts of vi's state, kept in a file without a name, as others keep a swap file: they are only written at the end, so that
 * each costs its own length once. Where no file can be made they stay in the state.
 */
import { viTextInRowCharactersMax } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import type { Sys } from "../../kernel/types.ts";
import { namelessFile } from "../nameless-file.ts";
import type { Ref, ViState } from "./state.ts";

/** Keeps a text. */
export function keepText(sys: Sys, state: ViState, text: string): Ref {
  if (text.length <= viTextInRowCharactersMax) return text;
  if (!state.texts) {
    const fd = namelessFile(sys, ".vi");
    if (fd === undefined) return text;
    state.texts = { fd, size: 0 };
  }
  const { fd, size } = state.texts;
  try {
    sys.seek(fd, size);
    if (sys.write(fd, text) < text.length) return text;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return text;
  }
  state.texts.size += text.length;
  return [size, text.length];
}

export function textOf(sys: Sys, state: ViState, ref: Ref): string {
  if (typeof ref === "string") return ref;
  if (!state.texts) return "";
  const [offset, length] = ref;
  const { fd } = state.texts;
  sys.seek(fd, offset);
  let text = "";
  while (text.length < length) {
    const part = sys.read(fd, length - text.length);
    if (!part) break;
    text += part;
  }
  return text;
}

/** Writes down anew what is still referred to, when the file holds much else. */
export function compactTexts(sys: Sys, state: ViState): void {
  const { texts } = state;
  if (!texts) return;
  const all: Ref[] = [
    state.base,
    ...Object.values(state.registers).map(({ text }) => text),
    ...[...state.undo, ...state.redo].flatMap(({ back, forth }) => [back, forth]),
  ];
  const live = all.reduce((sum, ref) => sum + (typeof ref === "string" ? 0 : ref[1]), 0);
  if (texts.size < 4 * live + 64 * viTextInRowCharactersMax) return;
  const kept = new Map<string, Ref>();
  const known = all.map((ref) => textOf(sys, state, ref));
  sys.ftruncate(texts.fd, 0);
  texts.size = 0;
  const moved = known.map((text, i) => {
    const old = all[i]!;
    if (typeof old === "string") return old;
    const key = String(old);
    const ref = kept.get(key) ?? keepText(sys, state, text);
    kept.set(key, ref);
    return ref;
  });
  state.base = moved.shift()!;
  for (const register of Object.values(state.registers)) register.text = moved.shift()!;
  for (const step of [...state.undo, ...state.redo]) {
    step.back = moved.shift()!;
    step.forth = moved.shift()!;
  }
}
