/** ^R and ^S: the history searched while the words are typed. */
import { before, type Line, type Search } from "./line.ts";

const entryOf = (line: Line, history: readonly string[], at: number): string =>
  line.edits?.[String(at < history.length ? at : -1)] ??
  (at < history.length ? history[at]! : (line.search?.from.text ?? ""));

export function beginSearch(line: Line, history: readonly string[], backwards: boolean): void {
  const at = line.at ?? history.length;
  line.search = {
    text: "",
    backwards,
    at,
    point: line.point,
    from: { text: line.text, point: line.point, at },
  };
}

/** Looks for the words from where it stands; `on`: the next place that has them. */
function find(line: Line, history: readonly string[], search: Search, on: boolean): void {
  const { text, backwards } = search;
  if (text === "") return;
  let { at, point } = search;
  if (on) point += backwards ? -1 : 1;
  while (at >= 0 && at <= history.length) {
    const entry = entryOf(line, history, at);
    const place = backwards
      ? point < 0
        ? -1
        : entry.lastIndexOf(text, point)
      : entry.indexOf(text, point);
    if (place >= 0) {
      delete search.failed;
      Object.assign(search, { at, point: place });
      return;
    }
    at += backwards ? -1 : 1;
    point = backwards ? Infinity : 0;
  }
  search.failed = true;
}

/** Takes what was found for the line. */
export function endSearch(line: Line, history: readonly string[]): void {
  const { search } = line;
  if (!search) return;
  const { from } = search;
  if (search.at !== from.at) {
    line.edits = { ...line.edits, [from.at < history.length ? from.at : -1]: from.text };
    line.text = entryOf(line, history, search.at);
    delete line.undo;
  }
  if (search.at < history.length) line.at = search.at;
  else delete line.at;
  line.point = Math.min(search.point, line.text.length);
  delete line.search;
  line.kept.sought = search.text;
}

/** One key of a search; "other": it ends the search and is then done. */
export function searchKey(
  line: Line,
  history: readonly string[],
  key: string,
): "bell" | "other" | undefined {
  const search = line.search!;
  if (key === "\x07") {
    const { from } = search;
    delete line.search;
    line.point = from.point;
    return "bell";
  }
  if (key === "\x12" || key === "\x13") {
    search.backwards = key === "\x12";
    if (search.text === "") {
      search.text = line.kept.sought ?? "";
      find(line, history, search, false);
    } else find(line, history, search, true);
    return search.failed ? "bell" : undefined;
  }
  if (key === "\x7f" || key === "\b") {
    search.text = search.text.slice(0, before(search.text, search.text.length));
    find(line, history, search, false);
    return undefined;
  }
  if (key < " " || key.startsWith("\x1b")) return "other";
  search.text += key;
  find(line, history, search, false);
  return search.failed ? "bell" : undefined;
}

/** What a search shows: its own prompt and the entry that was found. */
export function searchView(
  line: Line,
  history: readonly string[],
): [prompt: string, text: string, point: number] {
  const search = line.search!;
  const text = search.at === search.from.at ? search.from.text : entryOf(line, history, search.at);
  const name = `${search.failed ? "failed " : ""}${search.backwards ? "reverse-" : ""}i-search`;
  return [`(${name})\`${search.text}': `, text, Math.min(search.point, text.length)];
}
