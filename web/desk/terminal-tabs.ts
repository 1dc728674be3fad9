import { signal, type Signal } from "@preact/signals";
import type { Sandbox } from "../api/sandboxes.ts";
import { closeTerminal, type TerminalScreen } from "../api/terminal.ts";
import { controlOf } from "./control-key.ts";
import { isFlag, remembered } from "./remembered.ts";

/** A terminal of the desk. */
export interface TerminalTab {
  /** The service knows it by this. */
  name: string;
  title: string;
  /** `node/NAME` or `pod/NAMESPACE/NAME/CONTAINER`; absent: the control plane. */
  machine?: string;
}

const first: TerminalTab = { name: "main", title: "control-plane" };

const areTabs = (kept: unknown): kept is TerminalTab[] =>
  Array.isArray(kept) &&
  kept.length > 0 &&
  kept.every(
    (one: Partial<TerminalTab> | null) =>
      typeof one?.name === "string" && typeof one.title === "string",
  );

/** Which terminals are open, and which was used last. */
export class TerminalTabs {
  readonly tabs: Signal<TerminalTab[]>;
  readonly current: Signal<string>;
  /** The one that is seen beside it. */
  readonly beside = signal<string | undefined>(undefined);
  /** The next key goes with Ctrl: a phone's keyboard has none. */
  readonly control = signal(false);
  /** What terminals show is text for screen readers too, which costs each change twice. */
  readonly spoken = remembered("spoken", false, isFlag);
  readonly #screens = new Map<string, { screen: TerminalScreen; focus: () => void }>();
  #typed = "";

  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.tabs = remembered(`terminals.${sandbox.id}`, [first], areTabs);
    this.current = signal(this.tabs.value[0]!.name);
  }

  opened(name: string, screen: TerminalScreen, focus: () => void): void {
    this.#screens.set(name, { screen, focus });
    if (this.#typed === "" || name !== this.current.peek()) return;
    screen.type(this.#typed);
    this.#typed = "";
  }

  left(name: string): void {
    this.#screens.delete(name);
  }

  add(title: string, machine?: string): void {
    // Terminals are the sandbox's: another's page must not have taken the name.
    const name = `t-${crypto.randomUUID().slice(0, 8)}`;
    const tab = { name, title, ...(machine !== undefined && { machine }) };
    this.tabs.value = [...this.tabs.peek(), tab];
    this.current.value = tab.name;
  }

  /** It is the one that keys go to; the one beside it changes places with it. */
  choose(name: string): void {
    const before = this.current.peek();
    if (name === before) return;
    if (this.beside.peek() === name) this.beside.value = before;
    this.current.value = name;
  }

  /** A second one beside the first: the one that was opened last, or a new one. Again: one alone. */
  split(): void {
    if (this.beside.peek() !== undefined) {
      this.beside.value = undefined;
      return;
    }
    const current = this.current.peek();
    const other = this.tabs.peek().findLast(({ name }) => name !== current);
    if (other) this.beside.value = other.name;
    else {
      this.add(first.title);
      this.beside.value = current;
    }
  }

  rename(name: string, title: string): void {
    if (title.trim() === "") return;
    this.tabs.value = this.tabs
      .peek()
      .map((tab) => (tab.name === name ? { ...tab, title: title.trim() } : tab));
  }

  /** Ends what runs in it. The last one stays. */
  close(name: string): void {
    const left = this.tabs.peek().filter((tab) => tab.name !== name);
    if (left.length === 0) return;
    this.tabs.value = left;
    // Where that fails, it ends with the sandbox.
    closeTerminal(this.#sandbox, name).catch(() => {});
    if (this.beside.peek() === name) this.beside.value = undefined;
    if (this.current.peek() !== name) return;
    this.current.value = this.beside.peek() ?? left.at(-1)!.name;
    this.beside.value = undefined;
  }

  /** What is typed on the keyboard, with Ctrl where that was pressed. */
  outgoing(text: string): string {
    if (!this.control.peek()) return text;
    this.control.value = false;
    return controlOf(text);
  }

  /** Into the terminal that was used last, also before its emulator is loaded. */
  type(text: string): void {
    const open = this.#screens.get(this.current.peek());
    if (open) open.screen.type(text);
    else this.#typed += text;
  }

  focus(): void {
    this.#screens.get(this.current.peek())?.focus();
  }
}
