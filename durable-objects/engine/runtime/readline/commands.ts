/** What keys do: readline's emacs keymap. readline: emacs_keymap.c, with Debian's /etc/inputrc. */
import { after, before, kill, replace, show, undo, wordEnd, wordStart, type Line } from "./line.ts";
import { lastWord } from "./words.ts";

/** The line is over, the shell has something to do, or the terminal is to be told. */
export type Event =
  | "accept"
  | "eof"
  | "bell"
  | "clear"
  | "complete"
  | "list"
  | "search-back"
  | "search-on";
export type Command = (line: Line, history: readonly string[], key: string) => Event | undefined;

const count = (line: Line): number => Math.min(line.argument ?? 1, 1000);

const moved =
  (to: (text: string, at: number) => number): Command =>
  (line) => {
    for (let n = count(line); n > 0; n--) line.point = to(line.text, line.point);
    return undefined;
  };

const start: Command = (line) => void (line.point = 0);
const end: Command = (line) => void (line.point = line.text.length);
const back = moved(before);
const forward = moved(after);

const previous: Command = (line, history) => {
  const at = (line.at ?? history.length) - count(line);
  if ((line.at ?? history.length) === 0) return "bell";
  show(line, history, Math.max(0, at));
  return undefined;
};

const next: Command = (line, history) => {
  if (line.at === undefined) return "bell";
  const at = line.at + count(line);
  show(line, history, at >= history.length ? -1 : at);
  return undefined;
};

const deleteBack: Command = (line) => {
  if (line.point === 0) return "bell";
  if (line.argument !== undefined) {
    let from = line.point;
    for (let n = count(line); n > 0; n--) from = before(line.text, from);
    kill(line, from, line.point);
  } else replace(line, before(line.text, line.point), line.point, "");
  return undefined;
};

const deleteOn: Command = (line) => {
  if (line.point === line.text.length) return "bell";
  const { point } = line;
  let to = point;
  for (let n = count(line); n > 0; n--) to = after(line.text, to);
  replace(line, point, to, "");
  return undefined;
};

const deleteOrEnd: Command = (line, history, key) =>
  line.text === "" ? "eof" : deleteOn(line, history, key);

/** Kills to or from a place. */
const killed =
  (place: (text: string, at: number) => number): Command =>
  (line) => {
    let to = line.point;
    for (let n = count(line); n > 0; n--) to = place(line.text, to);
    if (to < line.point) kill(line, to, line.point);
    else kill(line, line.point, to);
    line.last = "kill";
    return undefined;
  };

function blankWordStart(text: string, at: number): number {
  let place = at;
  while (place > 0 && /\s/.test(text.charAt(place - 1))) place--;
  while (place > 0 && /\S/.test(text.charAt(place - 1))) place--;
  return place;
}

const yank: Command = (line) => {
  const text = line.kept.kills?.at(-1);
  if (text === undefined) return "bell";
  line.yanked = line.point;
  replace(line, line.point, line.point, text);
  line.last = "yank";
  return undefined;
};

const yankOlder: Command = (line) => {
  const { kills = [] } = line.kept;
  if (!line.wasYank || line.yanked === undefined || kills.length === 0) return "bell";
  kills.unshift(kills.pop()!);
  replace(line, line.yanked, line.point, kills.at(-1)!);
  line.last = "yank";
  return undefined;
};

const transpose: Command = (line) => {
  const { text } = line;
  const last = text.length;
  if (line.point === 0 || before(text, last) === 0) return "bell";
  const at = line.point === last ? before(text, last) : line.point;
  const [from, to] = [before(text, at), after(text, at)];
  replace(line, from, to, text.slice(at, to) + text.slice(from, at));
  return undefined;
};

const transposeWords: Command = (line) => {
  const { text } = line;
  const secondEnd = wordEnd(text, line.point);
  const second = wordStart(text, secondEnd);
  const first = wordStart(text, second);
  const firstEnd = wordEnd(text, first);
  if (first === second || firstEnd > second) return "bell";
  const between = text.slice(firstEnd, second);
  replace(
    line,
    first,
    secondEnd,
    text.slice(second, secondEnd) + between + text.slice(first, firstEnd),
  );
  return undefined;
};

const cased =
  (change: (word: string) => string): Command =>
  (line) => {
    for (let n = count(line); n > 0; n--) {
      const to = wordEnd(line.text, line.point);
      const { point } = line;
      const word = change(line.text.slice(point, to));
      if (word === line.text.slice(point, to)) line.point = to;
      else replace(line, point, to, word);
    }
    return undefined;
  };

const upper = (text: string): string => text.replace(/[a-z]/g, (c) => c.toUpperCase());
const lower = (text: string): string => text.replace(/[A-Z]/g, (c) => c.toLowerCase());

const lastArgument: Command = (line, history) => {
  const again = line.wasArgument && line.taken !== undefined;
  const at = (again ? line.taken! : history.length) - 1;
  if (at < 0) return "bell";
  const from = again ? (line.yanked ?? line.point) : line.point;
  replace(line, from, line.point, lastWord(history[at]!));
  Object.assign(line, { taken: at, yanked: from, last: "argument" });
  return undefined;
};

const revert: Command = (line) => {
  while (undo(line));
  return undefined;
};

const blanksAway: Command = (line) => {
  let [from, to] = [line.point, line.point];
  while (from > 0 && /[ \t]/.test(line.text.charAt(from - 1))) from--;
  while (to < line.text.length && /[ \t]/.test(line.text.charAt(to))) to++;
  replace(line, from, to, "");
  return undefined;
};

const commented: Command = (line) => {
  replace(line, 0, 0, "#");
  return "accept";
};

const asked =
  (next: Line["next"]): Command =>
  (line) => {
    if (next) line.next = next;
    return undefined;
  };

/** Everything before the point, or behind it, without a command of its own. */
const said =
  (event: Event): Command =>
  () =>
    event;

const newest: Command = (line, history) => {
  if (line.at !== undefined) show(line, history, -1);
  return undefined;
};
const oldest: Command = (line, history) => {
  if (history.length) show(line, history, 0);
  return undefined;
};
const undone: Command = (line) => (undo(line) ? undefined : "bell");

export const bindings: Record<string, Command> = {
  "\x01": start,
  "\x1b[H": start,
  "\x1bOH": start,
  "\x1b[1~": start,
  "\x1b[7~": start,
  "\x05": end,
  "\x1b[F": end,
  "\x1bOF": end,
  "\x1b[4~": end,
  "\x1b[8~": end,
  "\x02": back,
  "\x1b[D": back,
  "\x1bOD": back,
  "\x06": forward,
  "\x1b[C": forward,
  "\x1bOC": forward,
  "\x10": previous,
  "\x1b[A": previous,
  "\x1bOA": previous,
  "\x0e": next,
  "\x1b[B": next,
  "\x1bOB": next,
  "\x1b<": oldest,
  "\x1b>": newest,
  "\x1bb": moved(wordStart),
  "\x1b[1;5D": moved(wordStart),
  "\x1b[1;3D": moved(wordStart),
  "\x1b[5D": moved(wordStart),
  "\x1bf": moved(wordEnd),
  "\x1b[1;5C": moved(wordEnd),
  "\x1b[1;3C": moved(wordEnd),
  "\x1b[5C": moved(wordEnd),
  "\x7f": deleteBack,
  "\b": deleteBack,
  "\x04": deleteOrEnd,
  "\x1b[3~": deleteOn,
  "\x0b": killed((text) => text.length),
  "\x15": killed(() => 0),
  "\x18\x7f": killed(() => 0),
  "\x17": killed(blankWordStart),
  "\x1bd": killed(wordEnd),
  "\x1b[3;5~": killed(wordEnd),
  "\x1b\x7f": killed(wordStart),
  "\x1b\b": killed(wordStart),
  "\x19": yank,
  "\x1by": yankOlder,
  "\x14": transpose,
  "\x1bt": transposeWords,
  "\x1bu": cased(upper),
  "\x1bl": cased(lower),
  "\x1bc": cased((text) => lower(text).replace(/[a-z0-9\x80-\xff]/, (c) => upper(c))),
  "\x1b.": lastArgument,
  "\x1b_": lastArgument,
  "\x1f": undone,
  "\x18\x15": undone,
  "\x1br": revert,
  "\x1b\\": blanksAway,
  "\x1b#": commented,
  "\x16": asked("quote"),
  "\x1b[2~": asked("quote"),
  "\x1d": asked("find"),
  "\x1b\x1d": asked("find-back"),
  "\r": said("accept"),
  "\n": said("accept"),
  "\x0c": said("clear"),
  "\t": said("complete"),
  "\x1b?": said("list"),
  "\x1b=": said("list"),
  "\x12": said("search-back"),
  "\x13": said("search-on"),
  "\x07": said("bell"),
};
