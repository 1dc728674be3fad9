import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { mayBeKnown } from "../api/me.ts";
import { listSandboxes, type Sandbox } from "../api/sandboxes.ts";
import type { Here } from "../panels/presence.tsx";
import { Brand, Who } from "../panels/site-bar.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import type { Work } from "../ui/work.ts";
import { fork, remove, rename, reset } from "./actions.ts";
import { show, showPanel, type Board } from "./board.ts";
import { TabList } from "./tab-list.tsx";
import { partsOf } from "./view.ts";

export const nameOf = ({ title, id }: Sandbox): string => title || `podyard-${id.slice(0, 8)}`;

interface Props {
  board: Board;
  here: Here | undefined;
  work: Work;
}

/** One line: whose cluster it is, which part of it is seen, and who else is here. */
export function TopBar({ board, here, work }: Props) {
  const { desk, rows, panel, view, terminals, over, sharing } = board;
  const shown = partsOf(view.value, terminals !== undefined).panels ? panel.value : undefined;
  const others = (here?.people.length ?? 1) > 1;
  return (
    <header class="desk-head">
      <Brand />
      <SandboxMenu sandbox={desk.sandbox} work={work} />
      <TabList
        label="Panels"
        tabs={rows}
        current={shown}
        choose={(name) => showPanel(board, name)}
      />
      <span class="spacer" />
      {terminals && <Layouts board={board} />}
      <button type="button" class="palette-button" onClick={() => (over.value = "palette")}>
        <Icon name="search" /> <span>Palette</span> <kbd>Ctrl-K</kbd>
      </button>
      <button
        type="button"
        class="share-button"
        aria-expanded={sharing.value}
        onClick={() => (sharing.value = !sharing.value)}
      >
        <Icon name="people" /> Share{" "}
        {others && <span class="count">{here!.people.length} here</span>}
      </button>
      <Who />
    </header>
  );
}

/** What is done with the sandbox as a whole: seldom, and not by a slip. */
function SandboxMenu({ sandbox, work: { busy, run } }: { sandbox: Sandbox; work: Work }) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const acts: [title: string, says: string, act: (of: Sandbox) => Promise<void>][] = [
    ["Fork", "A cluster of your own that goes on from here", fork],
    ...(sandbox.role === "owner"
      ? ([
          ["Rename", "What others see in their lists", rename],
          ["Reset", "Begin anew, from what it was made from", reset],
          ["Delete", "With everything in it, for everybody", remove],
        ] as [string, string, (of: Sandbox) => Promise<void>][])
      : []),
  ];
  const place = (event: Event): void => {
    const { left, bottom } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    menu.current?.style.setProperty("left", `${left}px`);
    menu.current?.style.setProperty("top", `${bottom + 4}px`);
  };
  return (
    <>
      <h1>
        <button type="button" class="menu-button" popovertarget={id} onClick={place}>
          <span>{nameOf(sandbox)}</span> <Icon name="caret" />
        </button>
      </h1>
      <div ref={menu} id={id} popover="auto" class="menu" role="group" aria-label="The sandbox">
        {acts.map(([title, says, act]) => (
          <button
            key={title}
            type="button"
            aria-label={title}
            class={act === remove ? "danger" : ""}
            disabled={busy.value}
            onClick={() => {
              menu.current?.hidePopover();
              run(() => act(sandbox));
            }}
          >
            {title} <span class="quiet">{says}</span>
          </button>
        ))}
      </div>
    </>
  );
}

function Layouts({ board }: { board: Board }) {
  const { view, panel } = board;
  const layouts: [title: string, view: string, icon: IconName][] = [
    ["Split", "split", "split"],
    ["Panel", panel.value, "panel"],
    ["Terminal", "terminal", "terminal"],
  ];
  return (
    <div class="layouts" role="group" aria-label="Layout">
      {layouts.map(([title, wanted, icon]) => (
        <button
          key={title}
          type="button"
          aria-label={title}
          title={`${title === "Split" ? "Panel and terminal" : `${title} alone`}`}
          aria-pressed={view.value === wanted}
          onClick={() => show(board, wanted)}
        >
          <Icon name={icon} />
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
