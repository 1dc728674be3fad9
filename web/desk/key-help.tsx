import { useEffect, useId, useRef } from "preact/hooks";
import type { Action } from "./actions.ts";
import type { Board } from "./board.ts";
import { generalKeys } from "./keys.ts";

/** All keys. */
export function KeyHelp({ board, actions }: { board: Board; actions: Action[] }) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const keyed = actions.flatMap(({ keys, title }) => (keys ? [[keys, title] as const] : []));
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={() => (board.over.value = undefined)}>
      <h2 id={id}>Keys</h2>
      <dl>
        {[...generalKeys, ...keyed].map(([keys, title]) => (
          <>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{title}</dd>
          </>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
