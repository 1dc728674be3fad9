import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Sandbox } from "../api/sandboxes.ts";
import { clusterOf } from "../api/tables.ts";
import type { DetailPlace, Desk, ObjectRef } from "./desk.ts";
import { shownCluster } from "./moment.ts";
import { panels, type PanelRow } from "./panels.ts";
import { isFlag, isNumber, isText, remembered } from "./remembered.ts";
import { TerminalTabs } from "./terminal-tabs.ts";
import { viewIn, withView, type View } from "./view.ts";

/** How the desk stands at the moment. */
export interface Board {
  desk: Desk;
  rows: readonly PanelRow[];
  view: Signal<View>;
  /** Name of the panel in the main area. */
  panel: Signal<string>;
  /** Percent of the height that the panels have beside the terminal, and of the width that the detail has. */
  height: Signal<number>;
  width: Signal<number>;
  /** Undefined: who looks has no terminal. */
  terminals?: TerminalTabs;
  /** What lies over the desk. */
  over: Signal<"palette" | "keys" | "create" | undefined>;
  /** What is written to be applied; "": nothing yet. */
  draft: Signal<string>;
  sharing: Signal<boolean>;
  /** Whether the lesson stands beside everything else: where there is one, room for it, and nobody put it away. */
  besideLesson: ReadonlySignal<boolean>;
  wantsLesson: Signal<boolean>;
}

export function boardOf(sandbox: Sandbox): Board {
  const live = clusterOf(sandbox);
  const moment = signal<number | undefined>(undefined);
  const terminals = sandbox.role === "viewer" ? undefined : new TerminalTabs(sandbox);
  const rows = panels.filter(({ roles }) => roles.includes(sandbox.role));
  const names = rows.map(({ name }) => name);
  const asked = viewIn(location.search, names);
  const view = remembered<View>("view", "split", isText);
  if (asked !== undefined) view.value = asked;
  else if (!["split", "terminal", ...names].includes(view.peek())) view.value = "split";
  const panel = remembered("panel", names[0]!, isText);
  if (names.includes(view.peek())) panel.value = view.peek();
  else if (!names.includes(panel.peek())) panel.value = names[0]!;
  const over = signal<Board["over"]["value"]>(undefined);
  const desk: Desk = {
    sandbox,
    live,
    moment,
    shown: shownCluster(sandbox, live, moment),
    selected: signal<ObjectRef | undefined>(undefined),
    detail: signal<DetailPlace>({ view: "YAML" }),
    ...(terminals && {
      type: (line: string) => typeIn(board, line),
      create: () => void (over.value = "create"),
    }),
  };
  const isWide = matching("(min-width: 1100px)");
  const wantsLesson = remembered("lesson", true, isFlag);
  const board: Board = {
    desk,
    rows,
    view,
    panel,
    height: remembered("height", 58, isNumber),
    width: remembered("width", 35, isNumber),
    ...(terminals && { terminals }),
    over,
    draft: signal(""),
    sharing: signal(false),
    besideLesson: computed(() => hasLesson(sandbox) && wantsLesson.value && isWide.value),
    wantsLesson,
  };
  return board;
}

export const hasLesson = ({ source }: Sandbox): boolean => source?.kind === "scenario";

function matching(query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query);
  const matches = signal(media.matches);
  media.addEventListener("change", () => (matches.value = media.matches));
  return matches;
}

/** On a phone one part is seen at a time; desk.css knows the same width. */
const isPhone = (): boolean => matchMedia("(max-width: 700px)").matches;

/** What is typed is seen: the terminal comes to the front. */
function typeIn(board: Board, line: string): void {
  board.terminals?.type(line);
  if (isPhone()) show(board, "terminal");
  else if (!["split", "terminal"].includes(board.view.peek())) show(board, "split");
  // At once, so that a key that follows is the terminal's. One that was hidden takes the focus only when it is seen.
  board.terminals?.focus();
  setTimeout(() => board.terminals?.focus());
}

/** Also in the address, so that a link opens what one sees. */
export function show(board: Board, view: View): void {
  if (board.rows.some(({ name }) => name === view)) board.panel.value = view;
  board.view.value = view;
  const { pathname, search, hash } = location;
  history.replaceState(null, "", pathname + withView(search, view, "split") + hash);
}

/** Shows a panel, and leaves the terminal where it is. */
export function showPanel(board: Board, name: string): void {
  board.panel.value = name;
  if (board.view.peek() !== "split") show(board, name);
}

export function showTerminal(board: Board): void {
  if (!board.terminals) return;
  // There one thing is seen at a time, and the detail lies over it.
  const isPhone = matchMedia("(max-width: 700px)").matches;
  if (isPhone) board.desk.selected.value = undefined;
  if (isPhone || board.view.peek() !== "split") show(board, "terminal");
  board.terminals.focus();
}
