import { useSignal } from "@preact/signals";
import type { Sandbox } from "../api/sandboxes.ts";
import { TerminalPanel } from "../panels/terminal.tsx";
import { Icon } from "../ui/icon.tsx";
import { askForTitle } from "./actions.ts";
import { KeyRow } from "./key-row.tsx";
import { NewTerminal } from "./new-terminal.tsx";
import { TabList } from "./tab-list.tsx";
import type { TerminalTabs } from "./terminal-tabs.ts";

/** The terminals of the desk, one or two of which are seen. */
export function Terminals({ sandbox, terminals }: { sandbox: Sandbox; terminals: TerminalTabs }) {
  const making = useSignal(false);
  const { tabs, current, beside } = terminals;
  const seen = (name: string): boolean => name === current.value || name === beside.value;
  return (
    <section class="terminals" aria-labelledby="terminals-title">
      <h2 id="terminals-title" class="unseen">
        Terminal
      </h2>
      <Strip terminals={terminals} add={() => (making.value = true)} />
      <div class={`terminal-tabs ${beside.value === undefined ? "" : "split"}`}>
        {tabs.value.map(({ name, title, machine }) => (
          <div
            key={name}
            class={`terminal-tab ${name === beside.value ? "beside" : ""}`}
            role="tabpanel"
            aria-label={title}
            hidden={!seen(name)}
            onFocusIn={() => terminals.choose(name)}
          >
            <TerminalPanel
              sandbox={sandbox}
              name={name}
              machine={machine}
              spoken={terminals.spoken}
              outgoing={(text) => terminals.outgoing(text)}
              opened={(screen, focus) => terminals.opened(name, screen, focus)}
              left={() => terminals.left(name)}
            />
          </div>
        ))}
      </div>
      <KeyRow terminals={terminals} />
      {making.value && (
        <NewTerminal
          sandbox={sandbox}
          done={(title, machine) => terminals.add(title, machine)}
          close={() => (making.value = false)}
        />
      )}
    </section>
  );
}

function Strip({ terminals, add }: { terminals: TerminalTabs; add: () => void }) {
  const { tabs, current } = terminals;
  return (
    <div class="strip">
      <TabList
        label="Terminals"
        tabs={tabs.value}
        current={current.value}
        choose={(name) => terminals.choose(name)}
      />
      <button type="button" aria-label="New terminal" title="New terminal" onClick={add}>
        <Icon name="plus" />
      </button>
      <span class="strip-end">
        <span class="leaving">
          <kbd>Ctrl-Shift-Esc</kbd> leaves the terminal
        </span>
        <button
          type="button"
          class="splitter"
          aria-pressed={terminals.beside.value !== undefined}
          onClick={() => terminals.split()}
        >
          Split
        </button>
        <button type="button" onClick={() => askForTitle(terminals)}>
          Rename
        </button>
        <button
          type="button"
          aria-label="Close the terminal"
          title="Close the terminal"
          disabled={tabs.value.length === 1}
          onClick={() => terminals.close(current.value)}
        >
          <Icon name="close" />
        </button>
      </span>
    </div>
  );
}
