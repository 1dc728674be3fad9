import type { PodView } from "./pod-view.ts";
import { percent, type NodeView, type Scene } from "./scene.ts";
import type { ServiceView } from "./services.ts";

/** Where everything of the picture stands, in CSS px. Pure: the same scene at the same width is the same picture. */

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** How much of a Pod there is room for: name and word; name; shape alone. */
export type Density = "words" | "names" | "shapes";

export interface Cell extends Box {
  pod: PodView;
}
export interface Group {
  /** `web`, over its Pods; "": they have no common owner, or there is no room. */
  label: string;
  x: number;
  y: number;
  w: number;
}
export interface Bar {
  label: string;
  /** 0 to 1 and beyond. */
  share: number;
}
export interface Room extends Box {
  node?: NodeView;
  title: string;
  /** After the title: `cordoned`, `NotReady`. */
  word: string;
  note: string;
  bars: Bar[];
  groups: Group[];
}
export interface Waiting extends Box {
  /** The scheduler's reason under its Pods. */
  reasons: { text: string; x: number; y: number; w: number }[];
}
export interface Rail extends Box {
  service: ServiceView;
  links: { uid: string; isReady: boolean }[];
}
export interface Layout {
  width: number;
  height: number;
  density: Density;
  lobby: Waiting | undefined;
  rooms: Room[];
  cells: Cell[];
  rails: Rail[];
}

/** By whom Pods stand together: in the room of their node, or of what made them. */
export type Arrangement = "nodes" | "workloads";

const sizes: Record<Density, { w: number; h: number; gap: number; label: number }> = {
  words: { w: 104, h: 48, gap: 8, label: 18 },
  names: { w: 62, h: 38, gap: 6, label: 18 },
  shapes: { w: 20, h: 20, gap: 4, label: 0 },
};
const densities: Density[] = ["words", "names", "shapes"];
const margin = 12;
const padding = 10;
const headHeight = 44;
const lobbyHead = 24;
const railHeight = 26;
const roomWidthMin = 150;
/** A picture higher than this shows less of each Pod. */
const heightAimed = 520;

interface Section {
  key: string;
  label: string;
  pods: PodView[];
}
interface Plan {
  node?: NodeView;
  title: string;
  word: string;
  note: string;
  bars: Bar[];
  sections: Section[];
}

/** `width` in px, at least 1. */
export function layOut(scene: Scene, width: number, arrangement: Arrangement = "nodes"): Layout {
  const plans = arrangement === "nodes" ? roomsOfNodes(scene) : roomsOfWorkloads(scene);
  let layout: Layout | undefined;
  for (const density of densities) {
    layout = place(scene, plans, width, density, arrangement);
    if (layout.height <= heightAimed) break;
  }
  return layout!;
}

function roomsOfNodes({ nodes, pods }: Scene): Plan[] {
  const byNode = groupsOf(pods, ({ node }) => node);
  return nodes.map((node) => ({
    node,
    title: node.ref.name,
    word: wordOf(node),
    note: `${node.pods} Pods`,
    bars: [
      { label: `CPU ${percent(node.cpu)}`, share: node.cpu },
      { label: `memory ${percent(node.memory)}`, share: node.memory },
    ],
    sections: sectionsOf(byNode.get(node.ref.name) ?? [], ({ ref, system, workload }) =>
      system ? ref.namespace : workload.slice(workload.indexOf("/") + 1),
    ),
  }));
}

const wordOf = (node: NodeView): string =>
  [...(node.ready ? [] : ["NotReady"]), ...(node.cordoned ? ["cordoned"] : [])].join(", ");

function roomsOfWorkloads({ pods }: Scene): Plan[] {
  const keyOf = ({ ref, workload, system }: PodView): string =>
    `${system ? 1 : 0}${ref.namespace}/${workload || "Pods of their own"}`;
  return [...groupsOf(pods, keyOf)].map(([key, own]) => {
    const [namespace = "", ...parts] = key.slice(1).split("/");
    const ready = own.filter(({ state }) => state.shape === "ready").length;
    return {
      title: parts.length > 1 ? parts[1]! : parts[0]!,
      word: "",
      note: `${ready} of ${own.length} ready`,
      bars: [
        {
          label: [parts[1] && parts[0], namespace].filter(Boolean).join(" in "),
          share: ready / own.length,
        },
      ],
      sections: sectionsOf(own, ({ set }) => set),
    };
  });
}

const sectionsOf = (pods: readonly PodView[], labelOf: (pod: PodView) => string): Section[] =>
  [...groupsOf(pods, labelOf)].map(([label, own]) => ({ key: label, label, pods: own }));

function place(
  scene: Scene,
  plans: Plan[],
  width: number,
  density: Density,
  arrangement: Arrangement,
): Layout {
  const waiting = arrangement === "nodes" ? scene.pods.filter(({ node }) => node === "") : [];
  const cells: Cell[] = [];
  let y = margin;
  const lobby = placeLobby(waiting, width, density, y, cells);
  if (lobby) y += lobby.h + margin;
  const inner = width - 2 * margin;
  const across = Math.max(
    1,
    Math.min(plans.length, Math.floor((inner + margin) / (roomWidthMin + margin))),
  );
  const roomWidth = (inner - (across - 1) * margin) / across;
  const rooms: Room[] = [];
  for (let at = 0; at < plans.length; at += across) {
    const row = plans
      .slice(at, at + across)
      .map((plan, i) =>
        placeRoom(plan, { x: margin + i * (roomWidth + margin), y, w: roomWidth, density }, cells),
      );
    const h = Math.max(...row.map((room) => room.h));
    rooms.push(...row.map((room) => ({ ...room, h })));
    y += h + margin;
  }
  const rails = scene.services.map((service, i) => ({
    service,
    links: [
      ...service.ready.map((uid) => ({ uid, isReady: true })),
      ...service.leftOut.map(({ uid }) => ({ uid, isReady: false })),
    ],
    x: margin,
    y: y + 4 + i * railHeight,
    w: inner,
    h: railHeight - 4,
  }));
  const height = y + (rails.length > 0 ? rails.length * railHeight + margin : 0);
  return { width, height, density, lobby, rooms, cells, rails };
}

/** Pods of one reason stand together over it. */
function placeLobby(
  waiting: readonly PodView[],
  width: number,
  density: Density,
  y: number,
  cells: Cell[],
): Waiting | undefined {
  if (waiting.length === 0) return undefined;
  const { w, h, gap } = sizes[density];
  const inner = width - 2 * margin - 2 * padding;
  const reasons: Waiting["reasons"] = [];
  const x = margin + padding;
  let top = y + lobbyHead;
  for (const [reason, pods] of groupsOf(waiting, ({ state }) => state.reason)) {
    const rows = placeCells(pods, { x, y: top, w: inner }, { w, h, gap }, cells);
    top += rows * (h + gap);
    const text = reason || "the scheduler has not looked at it yet";
    reasons.push({ text, x, y: top + 4, w: inner });
    top += 20;
  }
  return { x: margin, y, w: width - 2 * margin, h: top + 4 - y, reasons };
}

interface Place {
  x: number;
  y: number;
  w: number;
}

/** Returns the rows it took. */
function placeCells(
  pods: readonly PodView[],
  { x, y, w: room }: Place,
  { w, h, gap }: { w: number; h: number; gap: number },
  cells: Cell[],
): number {
  const across = Math.max(1, Math.floor((room + gap) / (w + gap)));
  for (const [i, pod] of pods.entries()) {
    cells.push({
      pod,
      x: x + (i % across) * (w + gap),
      y: y + Math.floor(i / across) * (h + gap),
      w: Math.min(w, room),
      h,
    });
  }
  return Math.ceil(pods.length / across);
}

function placeRoom(plan: Plan, at: Place & { density: Density }, cells: Cell[]): Room {
  const { sections, ...rest } = plan;
  const size = sizes[at.density];
  const groups: Group[] = [];
  const inner = at.w - 2 * padding;
  let y = at.y + headHeight;
  const shown =
    size.label > 0
      ? sections
      : [{ key: "", label: "", pods: sections.flatMap(({ pods }) => pods) }];
  for (const { label, pods } of shown) {
    if (label !== "") {
      groups.push({ label, x: at.x + padding, y, w: inner });
      y += size.label;
    }
    const rows = placeCells(pods, { x: at.x + padding, y, w: inner }, size, cells);
    y += rows * (size.h + size.gap);
  }
  const h = Math.max(y + padding - size.gap, at.y + headHeight + size.h + padding) - at.y;
  return { ...rest, groups, x: at.x, y: at.y, w: at.w, h };
}

/** In the order of the first of each. */
function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
