/** Keys to what they do. */
import type { Mover } from "./moving.ts";
import { patternOf } from "./patterns.ts";
import { status } from "./prompt.ts";
import { find } from "./searching.ts";
import { letterOf, switchOption } from "./options.ts";
import { beginTyping, remember, typeKey } from "./typing.ts";
import { none, type LessState, type Pattern, type Typed, type View } from "./state.ts";
import type { Sys } from "../../kernel/types.ts";

/** What less itself must do for a command. */
export interface Host {
  readonly sys: Sys;
  readonly state: LessState;
  readonly mover: Mover;
  /** Shows another file of the list; `at` beyond it: says so. */
  show(at: number): boolean;
  open(name: string): void;
  forget(): void;
  reload(): void;
  redraw(): void;
  quit(): void;
  edit(): void;
  run(command: string): void;
}

type Action = (host: Host, count: number | undefined) => void;

const viewOf = (host: Host): View => host.state.view;

function windowOf({ state, mover }: Host): number {
  const { view } = state;
  const given = view.window ?? view.settings.window;
  return Math.max(1, given > 0 ? given : mover.height + 1 + given);
}

/** Goes on to the next file, or ends, at the end of this one where the options say so. */
function endsHere(host: Host): boolean {
  const { view } = host.state;
  if (!view.settings.quitsAtEnd || !host.mover.atEnd || view.help) return false;
  if (host.state.at + 1 < host.state.files.length) host.show(host.state.at + 1);
  else host.quit();
  return true;
}

function forward(host: Host, lines: number, force = false): void {
  if (endsHere(host)) return;
  host.mover.scroll(lines, force);
  if (viewOf(host).settings.quitsAtEnd === 2) endsHere(host);
}

const backward = (host: Host, lines: number, force = false): void =>
  host.mover.scroll(-lines, force);

const halfOf = (host: Host, count: number | undefined): number => {
  const view = viewOf(host);
  if (count) view.half = count;
  return view.half ?? Math.floor((host.mover.height + 1) / 2);
};

const goTo: Action = (host, count = 1) => {
  const { rows } = host.mover;
  const at = count <= 1 ? 0 : rows.placeOf(count);
  if (at === none) viewOf(host).message = `Cannot seek to line number ${count}`;
  else host.mover.jump(at);
};

const percentTo: Action = (host, count = 0) => {
  const { source } = host.mover.rows;
  const { end } = source;
  const at = Math.min(Math.floor((Math.min(count, 100) * end) / 100), Math.max(0, end - 1));
  host.mover.jump(source.isLineStart(at) ? at : source.lineStart(at));
};

const sideways =
  (direction: 1 | -1): Action =>
  (host, count) => {
    const view = viewOf(host);
    if (count) view.settings.shift = count;
    const by = view.settings.shift || Math.floor(host.state.cols / 2);
    view.left = Math.max(0, view.left + direction * by);
    delete view.low;
    host.mover.refresh();
  };

function toRightmost(host: Host): void {
  const view = viewOf(host);
  const { rows } = host.mover;
  const widths = view.rows.map((at) => (at === none ? 0 : rows.widthOf(at)));
  view.left = Math.max(0, Math.max(...widths) - host.state.cols);
  host.mover.refresh();
}

function search(
  host: Host,
  pattern: Pattern,
  forwards: boolean,
  nth: number,
  options: Partial<Typed> & { again?: boolean },
): void {
  const { state, mover, sys } = host;
  const { view } = state;
  const found = patternOf(sys, pattern, view.settings.caseless);
  if (typeof found === "string") {
    view.message = found;
    return;
  }
  view.pattern = pattern;
  delete view.dark;
  if (view.low) {
    delete view.low;
    mover.refresh();
  }
  let fromEnd = options.fromEnd === true;
  for (;;) {
    const at = find(mover, state, pattern, {
      forward: forwards,
      again: options.again === true,
      nth,
      fromEnd,
    });
    if (at !== none) {
      mover.jump(at);
      return;
    }
    const next = state.at + (forwards ? 1 : -1);
    if (!options.everywhere || next < 0 || next >= state.files.length) break;
    host.show(next);
    delete state.view.low;
    fromEnd = true;
  }
  state.view.message = "Pattern not found";
}

const again =
  (same: boolean, everywhere = false): Action =>
  (host, count = 1) => {
    const view = viewOf(host);
    if (!view.pattern) {
      view.message = "No previous regular expression";
      return;
    }
    const forwards = (view.backwards !== true) === same;
    search(host, view.pattern, forwards, count, {
      again: true,
      ...(everywhere ? { everywhere: true } : {}),
    });
  };

const typing =
  (prompt: string): Action =>
  (host) =>
    beginTyping(viewOf(host), prompt);

function follow(host: Host): void {
  const { mover, state } = host;
  host.mover.rows.source.refresh();
  if (!state.view.help) state.view.follows = true;
  if (mover.rows.source.ended) mover.jumpEnd();
}

const move =
  (lines: (host: Host, count: number | undefined) => number, force = false): Action =>
  (host, count) => {
    const by = lines(host, count);
    if (by >= 0) forward(host, by, force);
    else backward(host, -by, force);
  };

function setWindow(host: Host, count: number | undefined): number {
  const view = viewOf(host);
  if (count) view.window = count;
  return windowOf(host);
}

const named: [keys: string, action: Action][] = [
  ["\r \n enter e \x05 j \x0e down", move((_, count) => count ?? 1)],
  ["y \x19 k \x0b \x10 up", move((_, count) => -(count ?? 1))],
  ["J", move((_, count) => count ?? 1, true)],
  ["K Y", move((_, count) => -(count ?? 1), true)],
  ["d \x04", move((host, count) => halfOf(host, count))],
  ["u \x15", move((host, count) => -halfOf(host, count))],
  ["SPACE f \x06 \x16 pagedown", move((host, count) => count ?? windowOf(host))],
  ["b \x02 M-v pageup", move((host, count) => -(count ?? windowOf(host)))],
  ["z", move((host, count) => setWindow(host, count))],
  ["w", move((host, count) => -setWindow(host, count))],
  ["M-SPACE", move((host, count) => count ?? windowOf(host), true)],
  ["g < M-< home", goTo],
  [
    "G > M-> end",
    (host, count) => (count === undefined ? host.mover.jumpEnd() : goTo(host, count)),
  ],
  ["p %", percentTo],
  ["right M-)", sideways(1)],
  ["left M-(", sideways(-1)],
  ["M-{", (host) => ((viewOf(host).left = 0), host.mover.refresh())],
  ["M-}", toRightmost],
  ["/", typing("/")],
  ["?", typing("?")],
  ["&", typing("&/")],
  ["!", typing("!")],
  ["n", again(true)],
  ["N", again(false)],
  ["M-n", again(true, true)],
  ["M-N", again(false, true)],
  ["M-u", (host) => (viewOf(host).dark ? delete viewOf(host).dark : (viewOf(host).dark = true))],
  ["= \x07", (host) => (viewOf(host).message = status(host.mover, host.state))],
  ["r \x0c \x12", (host) => host.redraw()],
  ["R", (host) => host.reload()],
  ["F", follow],
  ["h H f1", (host) => openHelp(host)],
  ["v", (host) => host.edit()],
  ["V", (host) => (viewOf(host).message = "less 668")],
  ["q Q", (host) => host.quit()],
];

const longer: [keys: string, action: Action][] = [
  [":n", (host, count = 1) => void (host.show(host.state.at + count) || say(host, "next", count))],
  [
    ":p",
    (host, count = 1) => void (host.show(host.state.at - count) || say(host, "previous", count)),
  ],
  [":x", (host, count = 1) => void (host.show(count - 1) || say(host, "such", 1))],
  [":e \x18\x16", typing("Examine: ")],
  [":f", (host) => (viewOf(host).message = status(host.mover, host.state))],
  [":d", (host) => host.forget()],
  [":q :Q ZZ", (host) => host.quit()],
  ["--", typing("--")],
  ["__", typing("__")],
];

function say(host: Host, which: string, count: number): void {
  viewOf(host).message = `No ${count > 1 ? `(${count}-th) ` : ""}${which} file`;
}

const table = (rows: [string, Action][]): Map<string, Action> =>
  new Map(
    rows.flatMap(([keys, action]) =>
      keys.split(" ").map((key): [string, Action] => [key.replace("SPACE", " "), action]),
    ),
  );
const commands = table(named);
const longCommands = table(longer);
const begins = new Set([":", "\x18", "Z", "m", "'", "-", "_", "esc"]);

function openHelp(host: Host): void {
  const { view } = host.state;
  if (view.help) return;
  view.help = { rows: view.rows, next: view.next };
  delete view.low;
  host.mover.rows.reset();
  host.mover.clear();
  host.mover.forward(host.mover.height, 0, true);
}

export function closeHelp(host: Host): void {
  const { view } = host.state;
  const { help } = view;
  if (!help) return;
  delete view.help;
  host.mover.rows.reset();
  view.rows = help.rows;
  view.next = help.next;
  view.fresh = true;
  host.mover.refresh();
}

function secondKey(host: Host, key: string, count: number | undefined): void {
  const { view } = host.state;
  const first = view.begun;
  view.begun = "";
  if (first === "m" || first === "'") return mark(host, first, key);
  const whole = first === "esc" ? commands.get(`M-${key}`) : longCommands.get(first + key);
  if (whole) return whole(host, count);
  if (key === "\x7f" || key === "\b") return;
  if ((first === "-" || first === "_") && key.length === 1) return option(host, first, key);
  host.mover.bells++;
}

function option(host: Host, first: string, letter: string): void {
  const { view } = host.state;
  view.message = switchOption(view.settings, letter, first === "_");
  view.held = true;
  host.mover.rows.reset();
}

function mark(host: Host, kind: string, key: string): void {
  const { state, mover } = host;
  const { marks } = state.view;
  if (key === "\x7f" || key === "\x07") return;
  if (kind === "m") {
    if (/^[A-Za-z]$/.test(key) && mover.top !== none)
      marks[key] = { file: state.at, at: mover.top };
    else if (!/^[A-Za-z]$/.test(key)) mover.bells++;
    return;
  }
  if (key === "^") return mover.jump(0);
  if (key === "$") return mover.jumpEnd();
  if (key !== "'" && !/^[A-Za-z]$/.test(key))
    return void (state.view.message = "Choose a letter between 'a' and 'z'");
  const place = marks[key] ?? (key === "'" ? { file: state.at, at: 0 } : undefined);
  if (!place) return void (state.view.message = "Mark not set");
  if (place.file !== state.at && !host.show(place.file)) return;
  mover.jump(place.at, key === "'" ? mover.rowOf(state.view.settings.target) : 0);
}

/** A typed line is complete. */
function typedLine(host: Host, typed: Typed, count: number | undefined): void {
  const { view } = host.state;
  remember(view, typed);
  const { text, prompt } = typed;
  if (prompt === "!") return host.run(text);
  if (prompt === "Examine: ") return text.trim() === "" ? undefined : host.open(text.trim());
  if (prompt === "--" || prompt === "__") {
    const letter = letterOf(text.trim());
    if (letter) option(host, prompt[0] as string, letter);
    else view.message = `There is no --${text.trim()} option`;
    return;
  }
  const pattern: Pattern = {
    text,
    ...(typed.not ? { not: true } : {}),
    ...(typed.fixed ? { fixed: true } : {}),
  };
  if (prompt.endsWith("&/")) return filter(host, pattern);
  const forwards = prompt.endsWith("/");
  if (forwards) delete view.backwards;
  else view.backwards = true;
  if (text === "" && !view.pattern) view.message = "No previous regular expression";
  else
    search(host, text === "" ? view.pattern! : pattern, forwards, count ?? 1, {
      ...typed,
      again: text === "",
    });
}

function filter(host: Host, pattern: Pattern): void {
  const { view } = host.state;
  const found = patternOf(host.sys, pattern, view.settings.caseless);
  if (typeof found === "string") {
    view.message = found;
    return;
  }
  view.filters = pattern.text === "" ? [] : [...view.filters, pattern];
  host.mover.rows.reset();
  delete view.low;
  host.mover.refresh();
}

function take(host: Host, key: string): void {
  const { view } = host.state;
  if (view.message !== undefined) {
    delete view.message;
    delete view.held;
    delete view.fresh;
    host.mover.refresh();
    if (key === "\r" || key === "\n" || key === " " || key === "enter") return;
  }
  if (!view.typed && view.begun === "" && /^\d$/.test(key)) {
    view.count = (view.count + key).slice(0, 9);
    return;
  }
  const count = view.count === "" ? undefined : Number(view.count);
  if (view.typed) {
    const { typed } = view;
    const done = typeKey(view, typed, key);
    if (!done) return;
    delete view.typed;
    delete view.fresh;
    if (done === "done") typedLine(host, typed, typed.count);
    return;
  }
  if (view.begun === "" && begins.has(key)) {
    view.begun = key;
    delete view.fresh;
    return;
  }
  if (view.count !== "" && (key === "\x7f" || key === "\b")) {
    view.count = view.count.slice(0, -1);
    return;
  }
  view.count = "";
  delete view.fresh;
  const action = commands.get(key);
  if (view.begun !== "") secondKey(host, key, count);
  else if (action) action(host, count);
  else if (!key.startsWith("paste-")) host.mover.bells++;
  const { typed } = viewOf(host);
  if (count !== undefined && typed) typed.count = count;
}

/** One key. NeedInput where more of the input must come first. */
export function press(host: Host, key: string): void {
  take(host, key);
  const { view } = host.state;
  if (view.message === undefined || !view.low) return;
  delete view.low;
  host.mover.refresh();
}
