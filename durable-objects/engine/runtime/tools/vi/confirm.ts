/** `:s///c`: each match is asked for. */
import type { Editor } from "./editor.ts";
import { hitsIn, patternOf } from "./search.ts";
import { seenOf } from "./pattern/pattern.ts";
import { scrollLines } from "./scroll.ts";
import { expanded } from "./substitute.ts";

function finish(ed: Editor): void {
  const { s } = ed;
  const { done, lines, lastRow } = s.confirm!;
  delete s.confirm;
  s.mode = "normal";
  s.message = "";
  if (lastRow >= 0) ed.goFirst(lastRow);
  if (done > 2) ed.say(`${done} substitutions on ${lines} line${lines === 1 ? "" : "s"}`);
  ed.endStep();
}

/** To the next match from a column of a row on. */
function advance(ed: Editor): void {
  const { s } = ed;
  const confirm = s.confirm!;
  const made = patternOf(ed, confirm.pattern);
  for (; confirm.row <= confirm.last; confirm.row++, confirm.col = 0) {
    for (const { from, to } of hitsIn(ed, confirm.row, made)) {
      if (from.col < confirm.col) continue;
      const end = to.row > confirm.row ? ed.lines[confirm.row]!.length : to.col;
      confirm.found = [from.col, end];
      ed.go(confirm.row, from.col);
      return;
    }
  }
  finish(ed);
}

function replace(ed: Editor): void {
  const confirm = ed.s.confirm!;
  const line = ed.lines[confirm.row]!;
  const [from, to] = confirm.found;
  const search = patternOf(ed, confirm.pattern).regex.search(line, ed.sys.matching);
  let match = search.next(0);
  while (match && seenOf(match)[0] < from)
    match = search.next(Math.max(match.end, match.index + 1));
  if (!match) return;
  const lines = (line.slice(0, from) + expanded(confirm.by, match)).split("\n");
  const end = lines.at(-1)!.length;
  lines[lines.length - 1] += line.slice(to);
  ed.splice(confirm.row, 1, lines);
  confirm.done++;
  if (confirm.lastRow !== confirm.row) confirm.lines++;
  confirm.row += lines.length - 1;
  confirm.last += lines.length - 1;
  confirm.lastRow = confirm.row;
  confirm.col = to === from ? end + 1 : end;
}

function onward(ed: Editor): void {
  const confirm = ed.s.confirm!;
  if (!confirm.flags.includes("g")) {
    confirm.row++;
    confirm.col = 0;
  }
  advance(ed);
}

export function confirmKey(ed: Editor, key: string): void {
  const { s } = ed;
  if (key === "y" || key === "l" || key === "a") {
    replace(ed);
    if (key === "l") return finish(ed);
    onward(ed);
    if (key === "a")
      while (s.confirm) {
        replace(ed);
        onward(ed);
      }
  } else if (key === "n") {
    s.confirm!.col = s.confirm!.found[1] + (s.confirm!.found[0] === s.confirm!.found[1] ? 1 : 0);
    onward(ed);
  } else if (key === "q" || key === "esc" || key === "\x03") {
    s.confirm!.lastRow = -1;
    finish(ed);
  } else if (key === "\x05" || key === "\x19") scrollLines(ed, key === "\x05", 1);
}
