import { lazy, Suspense } from "preact/compat";
import { useEffect, useMemo } from "preact/hooks";
import type { Sandbox } from "../api/sandboxes.ts";
import { usePresence } from "../panels/presence.tsx";
import { Problem } from "../ui/panel.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { useTitle } from "../ui/title.ts";
import { useWork, when } from "../ui/work.ts";
import { actionsOf } from "./actions.ts";
import { dropping } from "./dropping.ts";
import { boardOf, show, type Board } from "./board.ts";
import { Border } from "./border.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { listenForKeys } from "./keys.ts";
import { Detail, Lesson, TimeBar } from "./panels.ts";
import { Terminals } from "./terminals.tsx";
import { Foreign, nameOf, TopBar } from "./top-bar.tsx";
import { partsOf } from "./view.ts";
import "./desk.css";

const ShareDrawer = lazy(async () => (await import("./share-drawer.tsx")).ShareDrawer);
const Palette = lazy(async () => (await import("./palette.tsx")).Palette);
const Creator = lazy(async () => (await import("./creator.tsx")).Creator);
const KeyHelp = lazy(async () => (await import("./key-help.tsx")).KeyHelp);

const loading = <p class="quiet centered">Loading…</p>;

/** The page of a living sandbox. */
export function DeskLayout({ sandbox }: { sandbox: Sandbox }) {
  const board = useMemo(() => boardOf(sandbox), [sandbox]);
  const here = usePresence(sandbox);
  const work = useWork();
  useTitle(nameOf(sandbox));
  useEffect(() => listenForKeys(board), [board]);
  const actions = actionsOf(board, work.run);
  const { over, sharing, desk } = board;
  return (
    <div class="desk" {...dropping(board)}>
      <TopBar board={board} here={here} work={work} />
      <Problem text={work.problem.value} />
      <ConnectionNotice desk={desk} />
      <Foreign sandbox={sandbox} />
      <div class="desk-body" style={{ "--width": `${board.width.value}%` }}>
        {board.besideLesson.value && (
          <aside class="desk-lesson" aria-label="Beside everything">
            <Suspense fallback={loading}>
              <Lesson desk={desk} />
            </Suspense>
          </aside>
        )}
        <Parts board={board} />
        {desk.selected.value && (
          <div class="desk-detail">
            <Suspense fallback={loading}>
              <Detail desk={desk} />
            </Suspense>
          </div>
        )}
        {sharing.value && (
          <Suspense fallback={loading}>
            <ShareDrawer
              sandbox={sandbox}
              title={nameOf(sandbox)}
              here={here}
              close={() => (sharing.value = false)}
            />
          </Suspense>
        )}
      </div>
      <Suspense fallback={<div class="time-bar" />}>
        <TimeBar desk={desk} />
      </Suspense>
      <PhoneTabs board={board} />
      <DeskFoot sandbox={sandbox} />
      <Suspense fallback={null}>
        {over.value === "palette" && <Palette board={board} actions={actions} />}
        {over.value === "create" && <Creator board={board} />}
        {over.value === "keys" && <KeyHelp board={board} actions={actions} />}
      </Suspense>
    </div>
  );
}

/** What must not be forgotten: whose it is, until when, and that none of it is real. */
const DeskFoot = ({ sandbox: { role, expiresAt } }: { sandbox: Sandbox }) => (
  <footer class="desk-foot">
    <span>
      {role}, until {when(expiresAt)}
    </span>
    <span class="short">A simulation</span>
    <span class="long">
      A simulation of Kubernetes 1.36: no container runs, no image is pulled, nothing leaves this
      server. Programs use the <a href="/api">API</a>.
    </span>
  </footer>
);

/** Panels above, terminals below; or one of them. What is not seen goes on. */
function Parts({ board }: { board: Board }) {
  const { desk, rows, panel, terminals } = board;
  const parts = partsOf(board.view.value, terminals !== undefined);
  const { Component } = rows.find(({ name }) => name === panel.value) ?? rows[0]!;
  const both = parts.panels && parts.terminal;
  return (
    <main
      class={`desk-parts ${both ? "both" : ""}`}
      style={{ "--height": `${board.height.value}%` }}
    >
      {parts.panels && (
        <section class="desk-panels" aria-label="Panels">
          <div class="desk-panel">
            <Suspense fallback={loading}>
              <Component desk={desk} />
            </Suspense>
          </div>
        </section>
      )}
      {both && <Border label="Height of the panels" value={board.height} />}
      {terminals && (
        <div class="desk-terminals" hidden={!parts.terminal}>
          <Terminals sandbox={desk.sandbox} terminals={terminals} />
        </div>
      )}
      {desk.selected.value && (
        <Border label="Width of the detail" value={board.width} upright after />
      )}
    </main>
  );
}

/** On a phone one thing is seen at a time. */
function PhoneTabs({ board }: { board: Board }) {
  const { rows, view, panel, terminals, over } = board;
  const terminal = { name: "terminal", title: "Terminal", icon: "terminal" as const };
  // What one goes to and fro between lies together.
  const tabs: { name: string; title: string; icon: IconName }[] = terminals
    ? [...rows.slice(0, 1), terminal, ...rows.slice(1)]
    : [...rows];
  return (
    <nav class="phone-tabs" aria-label="Parts">
      {tabs.map(({ name, title, icon }) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === (view.value === "split" ? panel.value : view.value)}
          onClick={() => show(board, name)}
        >
          <Icon name={icon} /> {title}
        </button>
      ))}
      <button type="button" onClick={() => (over.value = "palette")}>
        <Icon name="more" /> More
      </button>
    </nav>
  );
}
