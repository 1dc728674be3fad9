import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Action } from "./actions.ts";
import type { Board } from "./board.ts";
import { findObjects } from "./find-objects.ts";
import { best } from "./fuzzy.ts";

const shownMax = 50;

/** Every action and object by its name. */
export function Palette({ board, actions }: { board: Board; actions: Action[] }) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const query = useSignal("");
  const at = useSignal(0);
  const objects = useObjects(board);
  useEffect(() => dialog.current?.showModal(), []);
  const found = useComputed(() =>
    best(query.value, [...actions, ...objects.value], ({ title }) => title).slice(0, shownMax),
  );
  const close = (): void => dialog.current?.close();
  const run = (action: Action | undefined): void => {
    if (!action) return;
    // Closed first: what it does may want the focus.
    board.over.value = undefined;
    setTimeout(action.run);
  };
  const press = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      const { length } = found.value;
      at.value = length === 0 ? 0 : (at.value + by + length) % length;
      document.getElementById(`${id}-${at.value}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") run(found.value[at.value]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Palette"
      onClose={() => (board.over.value = undefined)}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <input
        type="text"
        role="combobox"
        aria-label="Action or object"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={`${id}-${at.value}`}
        autocomplete="off"
        spellcheck={false}
        placeholder="Action or object"
        onInput={(event) => {
          query.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={press}
      />
      <Found id={id} found={found.value} at={at.value} run={run} />
      <p class="quiet" role="status">
        {found.value.length === 0 && "Nothing has such a name."}
      </p>
    </dialog>
  );
}

/** The objects of the shown cluster, as actions that select them. */
function useObjects({ desk }: Board): Signal<Action[]> {
  const objects = useSignal<Action[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    void findObjects(desk.shown.peek(), stop.signal, (found) => {
      const added = found.map((ref) => ({
        title: `${ref.kind} ${ref.namespace === "" ? "" : `${ref.namespace}/`}${ref.name}`,
        run: () => void (desk.selected.value = ref),
      }));
      objects.value = [...objects.peek(), ...added];
    });
    return () => stop.abort();
  }, []);
  return objects;
}

interface FoundProps {
  id: string;
  found: Action[];
  at: number;
  run: (action: Action) => void;
}

function Found({ id, found, at, run }: FoundProps) {
  return (
    <ul id={`${id}-list`} role="listbox" aria-label="Found">
      {found.map((action, index) => (
        <li
          key={`${action.title} ${index}`}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === at}
          onClick={() => run(action)}
        >
          <span>{action.title}</span>
          {action.keys && <kbd>{action.keys}</kbd>}
        </li>
      ))}
    </ul>
  );
}
