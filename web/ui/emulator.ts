import { FitAddon } from "@xterm/addon-fit";
import type { ReadonlySignal } from "@preact/signals";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import type { Sandbox } from "../api/sandboxes.ts";
import { TerminalScreen, type ScreenState } from "../api/terminal.ts";

const scrollbackLines = 2_000;

const colours = (): { background: string; foreground: string; cursor: string } => {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, otherwise: string): string =>
    style.getPropertyValue(name).trim() || otherwise;
  const foreground = read("--terminal-text", "#e6e6e6");
  return { background: read("--terminal-ground", "#16181d"), foreground, cursor: foreground };
};

export interface Emulated {
  sandbox: Sandbox;
  name: string;
  /** Absent: the control plane. */
  machine?: string | undefined;
  /** Of what is typed: what is sent. */
  outgoing?: ((text: string) => string) | undefined;
  /** For screen readers; else for eyes alone. */
  spoken?: ReadonlySignal<boolean> | undefined;
  tell: (state: ScreenState) => void;
}

/** Shows a terminal of a sandbox in an element, until `stop`. */
export function emulate(
  place: HTMLElement,
  { sandbox, name, machine, outgoing, spoken, tell }: Emulated,
): { screen: TerminalScreen; focus: () => void; stop: () => void } {
  const terminal = new Terminal({
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    fontSize: 13,
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    scrollback: scrollbackLines,
    theme: colours(),
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(place);
  fit.fit();
  const size = { cols: terminal.cols, rows: terminal.rows };
  const screen = new TerminalScreen(sandbox, name, machine, size, {
    bytes: (bytes, done) => terminal.write(bytes, done),
    clear: () => terminal.reset(),
    size: (cols, rows) => terminal.resize(cols, rows),
    state: tell,
  });
  terminal.onData((text) => screen.type(outgoing ? outgoing(text) : text));
  const watch = new ResizeObserver(() => {
    // One that is not seen has no size.
    if (place.offsetParent === null) return;
    const wanted = fit.proposeDimensions();
    if (wanted) screen.resize(Math.max(20, wanted.cols), Math.max(5, wanted.rows));
  });
  watch.observe(place);
  const unspeak = spoken?.subscribe((on) => (terminal.options.screenReaderMode = on));
  terminal.focus();
  return {
    screen,
    focus: () => terminal.focus(),
    stop: () => {
      watch.disconnect();
      unspeak?.();
      screen.close();
      terminal.dispose();
    },
  };
}
