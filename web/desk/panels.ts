import { lazy } from "preact/compat";
import type { ComponentType } from "preact";
import type { Role } from "../api/sandboxes.ts";
import type { IconName } from "../ui/icon.tsx";
import type { Desk } from "./desk.ts";

/** The panels of the desk. A new one is a file in `web/panels/` and a row here. */

type PanelComponent = ComponentType<{ desk: Desk }>;

export interface PanelRow {
  /** As `view=` of the address names it. */
  name: string;
  title: string;
  icon: IconName;
  /** Goes to it after `g`. */
  key: string;
  Component: PanelComponent;
  roles: readonly Role[];
}

const everybody: readonly Role[] = ["owner", "editor", "viewer"];

export const Lesson = lazy(async () => (await import("../panels/lesson.tsx")).Lesson);

export const panels: readonly PanelRow[] = [
  {
    name: "picture",
    title: "Picture",
    icon: "picture",
    key: "p",
    Component: lazy(async () => (await import("../panels/picture.tsx")).Picture),
    roles: everybody,
  },
  {
    name: "objects",
    title: "Objects",
    icon: "objects",
    key: "o",
    Component: lazy(async () => (await import("../panels/objects.tsx")).Objects),
    roles: everybody,
  },
  {
    name: "timeline",
    title: "Timeline",
    icon: "timeline",
    key: "l",
    Component: lazy(async () => (await import("../panels/timeline.tsx")).Timeline),
    roles: everybody,
  },
  {
    name: "lesson",
    title: "Lesson",
    icon: "lesson",
    key: "i",
    Component: Lesson,
    roles: everybody,
  },
];

/** The slot at the bottom. */
export const TimeBar = lazy(async () => (await import("../panels/time-bar.tsx")).TimeBar);

/** At the right, while an object is selected. */
export const Detail = lazy(async () => (await import("../panels/detail.tsx")).Detail);
