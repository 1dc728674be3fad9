import { askWhy } from "./ask-why.ts";
import { showPanel, showTerminal, type Board } from "./board.ts";

/** The keyboard of the desk. In terminals and fields keys are theirs, but for Ctrl-K and Ctrl-Shift-Esc. */

export const generalKeys: readonly [keys: string, title: string][] = [
  ["Ctrl-K", "Palette: every action and object by its name"],
  ["Ctrl-Shift-Esc", "Leave the terminal; Esc itself belongs to what runs in it"],
  ["Esc", "Close what lies over the desk, or the detail"],
];

// An editor's own panels close by Esc, too.
const fields = "input, textarea, select, [contenteditable], .cm-editor";
/** After `g`. */
const waitsMs = 1_500;

/** Listens on the whole page. Returns what ends that. */
export function listenForKeys(board: Board): () => void {
  let goesUntil = 0;
  const press = (event: KeyboardEvent): void => {
    const takes = (): void => {
      event.preventDefault();
      event.stopPropagation();
    };
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      takes();
      board.over.value = board.over.value === "palette" ? undefined : "palette";
      return;
    }
    if (event.ctrlKey && event.shiftKey && event.key === "Escape") {
      takes();
      document.querySelector<HTMLElement>(".desk [role=tab][aria-selected=true]")?.focus();
      return;
    }
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof Element && target.closest(`${fields}, dialog`)) return;
    const goes = performance.now() < goesUntil;
    goesUntil = event.key === "g" ? performance.now() + waitsMs : 0;
    if (goes && goTo(board, event.key)) return takes();
    if (event.key === "?") {
      takes();
      board.over.value = "keys";
    } else if (event.key === "w" && board.desk.selected.value) {
      takes();
      askWhy(board.desk, board.desk.selected.value);
    } else if (event.key === "c" && board.desk.create) {
      takes();
      board.desk.create();
    } else if (event.key === "Escape") leave(board);
  };
  // Before the emulator has it.
  addEventListener("keydown", press, { capture: true });
  return () => removeEventListener("keydown", press, { capture: true });
}

function goTo(board: Board, key: string): boolean {
  const row = board.rows.find((one) => one.key === key);
  if (row) showPanel(board, row.name);
  else if (key === "t" && board.terminals) showTerminal(board);
  else return false;
  return true;
}

function leave(board: Board): void {
  if (board.sharing.value) board.sharing.value = false;
  else board.desk.selected.value = undefined;
}
