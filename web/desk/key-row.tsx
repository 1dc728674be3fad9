import type { TerminalTabs } from "./terminal-tabs.ts";

/** Keys that a phone's keyboard lacks. */
const keys: [title: string, sent: string, says?: string][] = [
  ["Esc", "\x1b"],
  ["Tab", "\t"],
  ["←", "\x1b[D", "Left"],
  ["↑", "\x1b[A", "Up"],
  ["↓", "\x1b[B", "Down"],
  ["→", "\x1b[C", "Right"],
  ["|", "|", "Pipe"],
  ["-", "-", "Dash"],
];

/** `Ctrl` holds for the next key. */
export function KeyRow({ terminals }: { terminals: TerminalTabs }) {
  const press = (sent: string): void => {
    terminals.type(terminals.outgoing(sent));
    terminals.focus();
  };
  return (
    <div class="key-row" role="group" aria-label="Keys of the terminal">
      <button
        type="button"
        aria-pressed={terminals.control.value}
        onClick={() => {
          terminals.control.value = !terminals.control.value;
          terminals.focus();
        }}
      >
        Ctrl
      </button>
      {keys.map(([title, sent, says]) => (
        <button key={title} type="button" aria-label={says ?? title} onClick={() => press(sent)}>
          {title}
        </button>
      ))}
    </div>
  );
}
