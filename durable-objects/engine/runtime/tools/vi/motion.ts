/** What a motion is asked, and what it answers. */
import { indentOf, lastCol } from "./characters.ts";
import type { Editor } from "./editor.ts";
import type { Spot } from "./state.ts";

export interface Asked {
  key: string;
  /** Absent: none was typed. */
  count?: number;
  /** The character behind f, t, ', `. */
  char?: string;
  /** The operator it is for. */
  operator?: string;
  visual?: boolean;
}

export interface Motion extends Spot {
  /** Whole lines; up to and with the last character; without it. */
  by: "line" | "with" | "without";
  jumps?: true;
  /** j and k keep to another column than this one's: the old, or the line's end. */
  want?: "kept" | "end";
}

export type Rule = (ed: Editor, asked: Asked) => Motion | undefined;

/** A row's first character that is no blank. */
export function toFirst(ed: Editor, row: number, jumps = false): Motion | undefined {
  if (row < 0 || row > ed.last) return undefined;
  const line = ed.lines[row]!;
  const col = Math.min(indentOf(line).length, lastCol(line));
  return { row, col, by: "line", ...(jumps ? { jumps: true } : {}) };
}
