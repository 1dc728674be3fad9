import type { ObjectRef } from "../desk/desk.ts";
import type { PodView } from "./pod-view.ts";
import { nodeSentence, type NodeView, type Scene } from "./scene.ts";
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
  density: Density;
  /** Between it and its neighbour on the left: there lines run past it. */
  gutterX: number;
}
export interface Group {
  /** `web`, over its Pods; "": they have no common owner, or there is no room. */
  label: string;
  x: number;
  y: number;
  w: number;
}
export interface Room extends Box {
  node?: NodeView;
  /** What is selected with it. */
  ref?: ObjectRef;
  sentence: string;
  title: string;
  /** Under the title, where there are no bars. */
  subtitle: string;
  /** After the title: `cordoned`, `NotReady`. */
  word: string;
  note: string;
  /** 0 to 1 and beyond, of CPU and of memory. */
  bars: number[];
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
  words: { w: 112, h: 48, gap: 8, label: 18 },
  names: { w: 62, h: 38, gap: 6, label: 18 },
  shapes: { w: 20, h: 20, gap: 4, label: 0 },
};
const densities: Density[] = ["words", "names", "shapes"];
const margin = 12;
/** At the sides: as much as an outline takes. */
const side = 3;
const padding = 10;
const headHeight = 44;
const lobbyHead = 24;
const railHeight = 26;
const roomWidthMin = 150;
/** A picture higher than this shows less of each Pod. */
const heightAimed = 560;
const narrow = 480;
/** So much wider than it needs to be a Pod's cell may be. */
const stretchMax = 1.4;

interface Section {
  isSystem: boolean;
  label: string;
  pods: PodView[];
}
type Plan = Omit<Room, "x" | "y" | "w" | "h" | "groups"> & { sections: Section[] };

/** `width` in px, at least 1. */
export function layOut(scene: Scene, width: number, arrangement: Arrangement = "nodes"): Layout {
  const plans = arrangement === "nodes" ? roomsOfNodes(scene) : roomsOfWorkloads(scene);
  // One column is scrolled anyway.
  const aimed = width < narrow ? 2 * heightAimed : heightAimed;
  let layout: Layout | undefined;
  for (const density of densities) {
    layout = place(scene, plans, width, density, arrangement);
    if (layout.height <= aimed) break;
  }
  return layout!;
}

function roomsOfNodes({ nodes, pods }: Scene): Plan[] {
  const byNode = groupsOf(pods, ({ node }) => node);
  return nodes.map((node) => ({
    node,
    ref: node.ref,
    sentence: nodeSentence(node),
    title: node.ref.name,
    subtitle: "",
    word: wordOf(node),
    note: `${node.pods} Pods`,
    bars: [node.cpu, node.memory],
    sections: sectionsOf(byNode.get(node.ref.name) ?? [], ({ ref, system, workload }) =>
      system ? ref.namespace : workload.slice(workload.indexOf("/") + 1),
    ),
  }));
}

const wordOf = (node: NodeView): string =>
  [...(node.ready ? [] : ["NotReady"]), ...(node.cordoned ? ["cordoned"] : [])].join(", ");

function roomsOfWorkloads({ pods }: Scene): Plan[] {
  const keyOf = ({ ref, workload, system }: PodView): string =>
    `${system ? 1 : 0}${ref.namespace}/${workload}`;
  return [...groupsOf(pods, keyOf)].map(([key, own]) => {
    const [namespace = "", ...parts] = key.slice(1).split("/");
    const ready = own.filter(({ state }) => state.shape === "ready").length;
    const [kind, name = "on their own"] = parts.length > 1 ? parts : [""];
    const note = `${ready} of ${own.length} ready`;
    return {
      ...(own[0]!.owner && { ref: own[0]!.owner }),
      sentence: `${kind} ${namespace}/${name}: ${note}`,
      title: name,
      subtitle: [kind, namespace].filter(Boolean).join(" in "),
      word: "",
      note: `${ready}/${own.length} ready`,
      bars: [],
      sections: sectionsOf(own, ({ set }) => set),
    };
  });
}

const sectionsOf = (pods: readonly PodView[], labelOf: (pod: PodView) => string): Section[] =>
  [...groupsOf(pods, labelOf)].map(([label, own]) => ({
    isSystem: own[0]!.system,
    label,
    pods: own,
  }));

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
  const inner = width - 2 * side;
  const across = Math.max(
    1,
    Math.min(plans.length, Math.floor((inner + margin) / (roomWidthMin + margin))),
  );
  const roomWidth = (inner - (across - 1) * margin) / across;
  const hasOwn = scene.pods.some(({ system }) => !system) && arrangement === "nodes";
  const rooms: Room[] = [];
  for (let at = 0; at < plans.length; at += across) {
    const row = plans
      .slice(at, at + across)
      .map((plan, i) =>
        placeRoom(
          plan,
          { x: side + i * (roomWidth + margin), y, w: roomWidth, density, hasOwn },
          cells,
        ),
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
    x: side,
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
  const inner = width - 2 * side - 2 * padding;
  const reasons: Waiting["reasons"] = [];
  const x = side + padding;
  let top = y + lobbyHead;
  for (const [reason, pods] of groupsOf(waiting, ({ state }) => state.reason)) {
    top += placeCells(pods, { x, y: top, w: inner }, density, cells);
    const text = reason || "the scheduler has not looked at it yet";
    reasons.push({ text, x, y: top + 4, w: inner });
    top += 20;
  }
  return { x: side, y, w: width - 2 * side, h: top + 4 - y, reasons };
}

interface Place {
  x: number;
  y: number;
  w: number;
}

interface RoomPlace extends Place {
  density: Density;
  /** There are Pods other than the cluster's own. */
  hasOwn: boolean;
}

/** Returns the height it took. */
function placeCells(
  pods: readonly PodView[],
  { x, y, w: room }: Place,
  density: Density,
  cells: Cell[],
): number {
  const { w: least, h, gap } = sizes[density];
  const across = Math.max(1, Math.floor((room + gap) / (least + gap)));
  // What is left of the room is theirs, so that their sides are the room's.
  const share = (room - (across - 1) * gap) / across;
  const w = density === "shapes" ? least : Math.min(share, least * stretchMax);
  for (const [i, pod] of pods.entries()) {
    const left = x + (i % across) * (w + gap);
    cells.push({
      pod,
      density,
      gutterX: left - gap / 2,
      x: left,
      y: y + Math.floor(i / across) * (h + gap),
      w: Math.min(w, room),
      h,
    });
  }
  return Math.ceil(pods.length / across) * (h + gap);
}

function placeRoom(plan: Plan, at: RoomPlace, cells: Cell[]): Room {
  const { sections, ...rest } = plan;
  const size = sizes[at.density];
  const groups: Group[] = [];
  const inner = at.w - 2 * padding;
  let y = at.y + headHeight;
  const shown =
    size.label > 0
      ? sections
      : [{ isSystem: false, label: "", pods: sections.flatMap(({ pods }) => pods) }];
  for (const { label, pods, isSystem } of shown) {
    if (label !== "") {
      groups.push({ label, x: at.x + padding, y, w: inner });
      y += size.label;
    }
    // Beside one's own Pods those of the cluster step back.
    const density = isSystem && at.hasOwn ? "shapes" : at.density;
    y += placeCells(pods, { x: at.x + padding, y, w: inner }, density, cells);
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
