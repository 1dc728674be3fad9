/** The last row: prompts, messages, what is being typed. The words are less's. */
import type { Mover } from "./moving.ts";
import { reverse, plain } from "../screen/paint.ts";
import { none, type LessState } from "./state.ts";

/** Behind the last row, and the row before. */
function bottom(mover: Mover, state: LessState): number {
  const { next } = state.view;
  return next === none ? mover.rows.source.size : mover.rows.shownAt(next);
}

const percent = (part: number, whole: number): number =>
  whole === 0 ? 100 : Math.round((part * 100) / whole);

function lineSpan(mover: Mover, state: LessState): string {
  const { rows, settings } = state.view;
  const top = rows.find((at) => at !== none);
  if (settings.numbers === 0 || top === undefined) return "";
  const last = rows.findLast((at) => at !== none) as number;
  const first = mover.rows.numberOf(mover.rows.shownAt(top));
  const final = mover.rows.numberOf(mover.rows.shownAt(last));
  const total = mover.rows.source.ended ? `/${mover.rows.total}` : "";
  return `lines ${first}-${final}${total}`;
}

const nameOf = (state: LessState): string => {
  const name = state.files[state.at] ?? "-";
  return name === "-" ? "" : name;
};

const place = ({ files, at }: LessState): string =>
  files.length > 1 ? `(file ${at + 1} of ${files.length})` : "";

const next = ({ files, at }: LessState): string =>
  at + 1 < files.length ? `- Next: ${files[at + 1]}` : "";

const joined = (...parts: string[]): string => parts.filter(Boolean).join(" ");

/** What = tells. */
export function status(mover: Mover, state: LessState): string {
  const { source } = mover.rows;
  const at = bottom(mover, state);
  const size = source.ended ? source.size : undefined;
  return joined(
    nameOf(state),
    place(state),
    lineSpan(mover, state),
    `byte ${at}${size === undefined ? "" : `/${size}`}`,
    mover.atEnd ? "(END)" : size === undefined ? "" : `${percent(at, size)}%`,
  );
}

function prompted(mover: Mover, state: LessState): string {
  const { view } = state;
  const { source } = mover.rows;
  if (view.help)
    return `HELP -- ${mover.atEnd ? "END -- Press g to see it again" : "Press RETURN for more"}, or q when done`;
  const head = view.fresh ? joined(nameOf(state), place(state)) : "";
  const filter = view.filters.length ? "& " : "";
  const tail = mover.atEnd ? joined("(END)", next(state)) : "";
  const at = bottom(mover, state);
  const share = source.ended ? `${percent(at, source.size)}%` : `byte ${at}`;
  const { prompt } = view.settings;
  if (prompt === 0) return filter + joined(head, tail);
  if (prompt === 1) return filter + joined(head, tail || share);
  const name = view.fresh ? joined(nameOf(state), place(state)) : nameOf(state);
  return filter + joined(name, lineSpan(mover, state), tail || share);
}

/** The last row and the column of the cursor in it. */
export function lastRow(
  mover: Mover,
  state: LessState,
  width: (text: string) => number,
): [string, number] {
  const { view } = state;
  if (view.message !== undefined) {
    const text = `${view.message}  (press RETURN)`;
    return [reverse + text + plain, width(text)];
  }
  if (view.typed) {
    const { prompt, text, point } = view.typed;
    return [prompt + shownTyped(text), width(prompt + shownTyped(text.slice(0, point)))];
  }
  if (view.begun === "m") return ["set mark: ", 10];
  if (view.begun === "'") return ["goto mark: ", 11];
  if (view.begun !== "" && view.begun !== "esc") {
    const text = /^[-_]/.test(view.begun) ? view.begun : ` ${shownTyped(view.begun)}`;
    return [text, width(text)];
  }
  if (view.count !== "") return [`:${view.count}`, 1 + view.count.length];
  if (view.follows) {
    const text = "Waiting for data... (^X or interrupt to abort)";
    return [reverse + text + plain, text.length];
  }
  const text = prompted(mover, state);
  return text === "" ? [":", 1] : [reverse + text + plain, width(text)];
}

const shownTyped = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f]/g, (c) =>
    c === "\x1b" ? "ESC" : `^${String.fromCharCode(c.charCodeAt(0) ^ 64)}`,
  );
