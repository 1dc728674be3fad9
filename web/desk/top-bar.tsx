import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { mayBeKnown } from "../api/me.ts";
import { listSandboxes, type Sandbox } from "../api/sandboxes.ts";
import type { Here } from "../panels/presence.tsx";
import { when, type Work } from "../ui/work.ts";
import { fork, remove, reset } from "./actions.ts";
import { show, type Board } from "./board.ts";

export const nameOf = ({ title, id }: Sandbox): string => title || `podyard-${id.slice(0, 8)}`;

interface Props {
  board: Board;
  here: Here | undefined;
  work: Work;
}

export function TopBar({ board, here, work: { busy, run } }: Props) {
  const { sandbox } = board.desk;
  const { role } = sandbox;
  const acts: [string, (of: Sandbox) => Promise<void>][] = [
    ["Fork", fork],
    ...(role === "owner"
      ? ([
          ["Reset", reset],
          ["Delete", remove],
        ] as [string, (of: Sandbox) => Promise<void>][])
      : []),
  ];
  return (
    <div class="head desk-head">
      <h1>{nameOf(sandbox)}</h1>
      <span class="quiet until">
        {role}, until {when(sandbox.expiresAt)}
      </span>
      {board.terminals && <Layouts board={board} />}
      <span class="quiet here">{here && `${here.people.length} here`}</span>
      <button type="button" class="palette-button" onClick={() => (board.over.value = "palette")}>
        Palette <kbd>Ctrl-K</kbd>
      </button>
      <button
        type="button"
        aria-expanded={board.sharing.value}
        onClick={() => (board.sharing.value = !board.sharing.value)}
      >
        Share
      </button>
      {acts.map(([title, act]) => (
        <button
          key={title}
          type="button"
          class="rare"
          disabled={busy.value}
          onClick={() => run(() => act(sandbox))}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

function Layouts({ board }: { board: Board }) {
  const { view, panel } = board;
  const layouts: [title: string, view: string][] = [
    ["Split", "split"],
    ["Panel", panel.value],
    ["Terminal", "terminal"],
  ];
  return (
    <div class="layouts" role="group" aria-label="Layout">
      {layouts.map(([title, wanted]) => (
        <button
          key={title}
          type="button"
          aria-pressed={view.value === wanted}
          onClick={() => show(board, wanted)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

/** Opened by a link, and not by somebody who belongs to it. */
export function Foreign({ sandbox }: { sandbox: Sandbox }) {
  const foreign = useSignal(false);
  useEffect(() => {
    if (sandbox.key === undefined) return;
    const own = mayBeKnown() ? listSandboxes().catch(() => []) : Promise.resolve([]);
    void own.then((found) => (foreign.value = !found.some(({ id }) => id === sandbox.id)));
  }, []);
  return foreign.value ? (
    <p class="notice" role="status">
      You opened this sandbox by a link. Whoever else has the link sees and changes the same.{" "}
      <button type="button" onClick={() => (foreign.value = false)}>
        Understood
      </button>
    </p>
  ) : null;
}
