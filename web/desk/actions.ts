import {
  deleteSandbox,
  forkSandbox,
  renameSandbox,
  resetSandbox,
  type Sandbox,
} from "../api/sandboxes.ts";
import { askWhy } from "./ask-why.ts";
import type { Desk, ObjectRef } from "./desk.ts";
import { enter } from "./entering.ts";
import type { TerminalTabs } from "./terminal-tabs.ts";
import { hasLesson, show, showPanel, showTerminal, type Board } from "./board.ts";
import { timeKeysOf } from "./time-keys.ts";

/** Everything that can be done with the desk, by name: for the palette, and for the list of keys. */
export interface Action {
  title: string;
  /** As the list of keys shows it. */
  keys?: string;
  run: () => void;
}

/** What is done with the sandbox as a whole. Throws ApiError. */
export const fork = (sandbox: Sandbox): Promise<void> => enter(forkSandbox(sandbox));

export async function rename({ id, title, key }: Sandbox): Promise<void> {
  const next = prompt("Title of the sandbox", title)?.trim();
  if (!next) return;
  await renameSandbox(id, next, key);
  location.reload();
}

export async function reset({ id, key }: Sandbox): Promise<void> {
  if (!confirm("Make this sandbox anew? What was done in it is gone.")) return;
  await resetSandbox(id, key);
  location.reload();
}

export async function remove({ id, key }: Sandbox): Promise<void> {
  if (!confirm("Delete this sandbox and everything in it?")) return;
  await deleteSandbox(id, key);
  location.assign("/");
}

/** `work`: runs what takes a moment, and tells what went wrong. */
export function actionsOf(board: Board, work: (does: () => Promise<unknown>) => void): Action[] {
  const { desk, rows, terminals } = board;
  const { sandbox } = desk;
  return [
    ...rows.map(({ name, title, key }) => ({
      title: `Go to ${title}`,
      keys: `g ${key}`,
      run: () => showPanel(board, name),
    })),
    ...(terminals ? terminalActions(board) : []),
    ...timeKeysOf(sandbox.role).map(({ keys, title, run }) => ({
      title,
      ...(keys !== undefined && { keys }),
      run: () => run(desk),
    })),
    ...rows.map(({ name, title }) => ({
      title: `Show ${title} alone`,
      run: () => show(board, name),
    })),
    ...(desk.create ? [{ title: "Create objects from YAML", keys: "c", run: desk.create }] : []),
    ...(hasLesson(sandbox)
      ? [
          {
            title: board.wantsLesson.value ? "Put the lesson away" : "Lesson beside everything",
            run: () => void (board.wantsLesson.value = !board.wantsLesson.value),
          },
        ]
      : []),
    { title: "Share, connect and embed", run: () => void (board.sharing.value = true) },
    ...(desk.selected.value ? selectionActions(desk, desk.selected.value) : []),
    { title: "Show all keys", keys: "?", run: () => void (board.over.value = "keys") },
    { title: "Fork the sandbox", run: () => work(() => fork(sandbox)) },
    ...(sandbox.role === "owner"
      ? [
          { title: "Rename the sandbox", run: () => work(() => rename(sandbox)) },
          { title: "Reset the sandbox", run: () => work(() => reset(sandbox)) },
          { title: "Delete the sandbox", run: () => work(() => remove(sandbox)) },
        ]
      : []),
    { title: "Go to what is yours", run: () => location.assign("/me") },
    { title: "Go to the first page", run: () => location.assign("/") },
    { title: "Read the service's API", run: () => location.assign("/api") },
  ];
}

function selectionActions(desk: Desk, object: ObjectRef): Action[] {
  return [
    {
      title: `Why is ${object.kind} ${object.name} as it is?`,
      keys: "w",
      run: () => askWhy(desk, object),
    },
    { title: "Close the detail", run: () => void (desk.selected.value = undefined) },
  ];
}

export function askForTitle(terminals: TerminalTabs): void {
  const name = terminals.current.peek();
  const title = terminals.tabs.peek().find((tab) => tab.name === name)?.title ?? "";
  terminals.rename(name, prompt("Name of the terminal", title) ?? "");
}

function terminalActions(board: Board): Action[] {
  const terminals = board.terminals!;
  return [
    { title: "Go to the terminal", keys: "g t", run: () => showTerminal(board) },
    { title: "Show the terminal alone", run: () => show(board, "terminal") },
    { title: "Show panels and terminal", run: () => show(board, "split") },
    {
      title: "New terminal on the control plane",
      run: () => terminals.add("control-plane"),
    },
    {
      title: terminals.beside.value === undefined ? "Split the terminal" : "One terminal alone",
      run: () => terminals.split(),
    },
    { title: "Rename the terminal", run: () => askForTitle(terminals) },
    { title: "Close the terminal", run: () => terminals.close(terminals.current.peek()) },
    {
      title: terminals.spoken.value
        ? "Terminals for eyes alone"
        : "Terminals for screen readers too",
      run: () => void (terminals.spoken.value = !terminals.spoken.peek()),
    },
    ...terminals.tabs.value.map(({ name, title }) => ({
      title: `Terminal ${title}`,
      run: () => {
        terminals.choose(name);
        showTerminal(board);
      },
    })),
  ];
}
