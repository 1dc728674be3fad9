import { lazy } from "preact/compat";
import type { ComponentType } from "preact";
import type { Role } from "../api/sandboxes.ts";
import type { Desk } from "./desk.ts";

/** The panels of the desk. A new one is a file in `web/panels/` and a row here. */

type PanelComponent = ComponentType<{ desk: Desk }>;

export interface PanelRow {
  /** As `view=` of the address names it. */
  name: string;
  title: string;
  /** Goes to it after `g`. */
  key: string;
  Component: PanelComponent;
  roles: readonly Role[];
}

const everybody: readonly Role[] = ["owner", "editor", "viewer"];

/** Files that are there or not: what is not built has no row and no slot. */
const built = import.meta.glob<Record<string, PanelComponent>>([
  "../panels/picture.tsx",
  "../panels/objects.tsx",
  "../panels/detail.tsx",
]);

function builtPanel(file: string, name: string): PanelComponent | undefined {
  const load = built[`../panels/${file}.tsx`];
  return load && lazy(async () => (await load())[name]!);
}

const Timeline = lazy(async () => (await import("../panels/timeline.tsx")).Timeline);
const Pods = lazy(async () => (await import("../panels/shown-pods.tsx")).ShownPods);

const rows: (Omit<PanelRow, "Component"> & { Component: PanelComponent | undefined })[] = [
  {
    name: "picture",
    title: "Picture",
    key: "p",
    Component: builtPanel("picture", "Picture"),
    roles: everybody,
  },
  {
    name: "objects",
    title: "Objects",
    key: "o",
    Component: builtPanel("objects", "Objects") ?? Pods,
    roles: everybody,
  },
  {
    name: "timeline",
    title: "Timeline",
    key: "l",
    Component: Timeline,
    roles: everybody,
  },
];

export const panels: readonly PanelRow[] = rows.filter(
  (row): row is PanelRow => row.Component !== undefined,
);

/** The slot at the bottom. */
export const TimeBar = lazy(async () => (await import("../panels/time-bar.tsx")).TimeBar);

/** At the right, while an object is selected. */
export const Detail = builtPanel("detail", "Detail");
