/**
 * A small picture of a snapshot: nodes as boxes, Pods as dots of their phase's colour, the same told in words. It is drawn of
 * the state alone, so equal states give equal pictures, and is safe as a file and within a page.
 */
import { rfc3339 } from "../core/clock.ts";
import type { KubeObject } from "../core/object.ts";
import type { Snapshot } from "../core/snapshot.ts";
import {
  thumbnailDotsPerNodeMax,
  thumbnailNameCharsMax,
  thumbnailNodesMax,
} from "../core/limits.ts";
import type { Node } from "../kinds/node.ts";
import type { Pod } from "../kinds/pod/types.ts";

/** In the order of the legend; colours for a light and for a dark page. */
const phases = [
  { name: "Running", light: "#1a7f37", dark: "#3fb950" },
  { name: "Not ready", light: "#9a6700", dark: "#d29922" },
  { name: "Pending", light: "#57606a", dark: "#8b949e" },
  { name: "Succeeded", light: "#0969da", dark: "#58a6ff" },
  { name: "Failed", light: "#cf222e", dark: "#f85149" },
  { name: "Unknown", light: "#8250df", dark: "#bc8cff" },
] as const;

const width = 480;
const margin = 12;
const boxesPerRow = 3;
const gap = 8;
const boxWidth = (width - 2 * margin - (boxesPerRow - 1) * gap) / boxesPerRow;
const dotStep = 11;
const dotsPerRow = Math.floor((boxWidth - 12) / dotStep);
const headHeight = 30;
const boxHeadHeight = 20;
const legendHeight = 20;

interface Box {
  /** Absent: the Pods that are on no node. */
  name?: string;
  ready: boolean;
  /** Of each Pod, its place in `phases`. */
  pods: number[];
}

/** An SVG of at most 20 kB. */
export function thumbnail(snapshot: Snapshot): string {
  const boxes = boxesOf(snapshot);
  const nodes = boxes.filter(({ name }) => name !== undefined);
  const shown = [
    ...nodes.slice(0, thumbnailNodesMax),
    ...boxes.filter(({ name }) => name === undefined),
  ];
  const all = boxes.flatMap(({ pods }) => pods);
  const counts = phases.map((_phase, i) => all.filter((phase) => phase === i).length);
  const rows = Math.ceil(shown.length / boxesPerRow);
  const most = Math.max(
    0,
    ...shown.map(({ pods }) => Math.min(pods.length, thumbnailDotsPerNodeMax)),
  );
  const boxHeight = boxHeadHeight + Math.max(1, Math.ceil(most / dotsPerRow)) * dotStep + 8;
  const height = headHeight + rows * (boxHeight + gap) + legendHeight + margin;
  const name = textOf(snapshot.birth.name) || "cluster";
  const title = `${name}, ${rfc3339(snapshot.clock.nowMs)}`;
  const places = shown.map((_box, i) => ({
    x: margin + (i % boxesPerRow) * (boxWidth + gap),
    y: headHeight + Math.floor(i / boxesPerRow) * (boxHeight + gap),
  }));
  const legend = legendOf(counts);
  const rest = boxes.length - shown.length;
  const more = rest > 0 ? ` and ${rest} more nodes` : "";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${title}</title>`,
    `<desc id="d">${describe(boxes, counts)}</desc>`,
    `<style>${styles()}</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    `<text class="head" x="${margin}" y="20">${title}${more}</text>`,
    ...shown.map((box, i) => drawn(box, places[i] as Point, boxHeight)),
    ...dots(shown, places),
    `<text class="legend" x="${margin}" y="${height - margin}">${legend}</text>`,
    "</svg>",
  ].join("");
}

interface Point {
  x: number;
  y: number;
}

function objectsOf<T extends KubeObject>(snapshot: Snapshot, resource: string): T[] {
  const rows = snapshot.objects.find(([id]) => id === resource)?.[1] ?? [];
  return rows.map(([, object]) => object).filter((object) => object !== null) as T[];
}

/** Nodes by name, and last, where there are any, the Pods that are on none. */
function boxesOf(snapshot: Snapshot): Box[] {
  const boxes = new Map<string, Box>();
  for (const { metadata, status } of objectsOf<Node>(snapshot, "nodes")) {
    const ready =
      (status?.conditions ?? []).find(({ type }) => type === "Ready")?.status === "True";
    boxes.set(metadata.name, { name: metadata.name, ready, pods: [] });
  }
  const waiting: Box = { ready: true, pods: [] };
  for (const pod of objectsOf<Pod>(snapshot, "pods")) {
    (boxes.get(pod.spec?.nodeName ?? "") ?? waiting).pods.push(phaseOf(pod));
  }
  const all = [...boxes.values()];
  return waiting.pods.length > 0 ? [...all, waiting] : all;
}

function phaseOf({ status }: Pod): number {
  const phase = status?.phase ?? "Pending";
  const ready = (status?.conditions ?? []).some((c) => c.type === "Ready" && c.status === "True");
  const name = phase === "Running" && !ready ? "Not ready" : phase;
  const place = phases.findIndex((known) => known.name === name);
  return place < 0 ? phases.length - 1 : place;
}

function drawn({ name, ready, pods }: Box, { x, y }: Point, height: number): string {
  const hidden = pods.length - thumbnailDotsPerNodeMax;
  const note = `${ready ? "" : " NotReady"}${hidden > 0 ? ` +${hidden}` : ""}`;
  return [
    `<rect class="${ready ? "node" : "node lost"}" x="${x}" y="${y}" width="${boxWidth}" height="${height}" rx="5"/>`,
    `<text class="name" x="${x + 6}" y="${y + 14}">${textOf(name ?? "on no node")}${note}</text>`,
  ].join("");
}

/** One path for all Pods of a phase: a dot is a line without length, with round ends. */
function dots(boxes: readonly Box[], places: readonly Point[]): string[] {
  const paths = phases.map(() => "");
  for (const [i, { pods }] of boxes.entries()) {
    const { x, y } = places[i] as Point;
    for (const [n, phase] of pods.slice(0, thumbnailDotsPerNodeMax).entries()) {
      const cx = Math.round(x + 12 + (n % dotsPerRow) * dotStep);
      const cy = Math.round(y + boxHeadHeight + 6 + Math.floor(n / dotsPerRow) * dotStep);
      paths[phase] += `M${cx} ${cy}h0`;
    }
  }
  return paths.flatMap((d, i) => (d === "" ? [] : [`<path class="p${i}" d="${d}"/>`]));
}

function legendOf(counts: readonly number[]): string {
  const parts = counts.flatMap((count, i) =>
    count === 0 ? [] : [`<tspan class="t${i}">● </tspan>${phases[i]?.name} ${count}`],
  );
  return parts.length > 0 ? parts.join("<tspan>   </tspan>") : "no Pods";
}

function describe(boxes: readonly Box[], counts: readonly number[]): string {
  const nodes = boxes.filter(({ name }) => name !== undefined);
  const lost = nodes.filter(({ ready }) => !ready).length;
  const told = counts.flatMap((count, i) => (count === 0 ? [] : [`${count} ${phases[i]?.name}`]));
  const of = told.length > 0 ? `: ${told.join(", ")}` : "";
  return `${nodes.length} nodes${lost > 0 ? `, ${lost} of them not ready` : ""}; ${counts.reduce((a, b) => a + b, 0)} Pods${of}.`;
}

function styles(): string {
  const colours = (scheme: "light" | "dark"): string =>
    phases
      .map((phase, i) => `.p${i}{stroke:${phase[scheme]}}.t${i}{fill:${phase[scheme]}}`)
      .join("");
  return [
    "text{font:11px system-ui,sans-serif;fill:#1f2328}.head{font-size:13px;font-weight:600}",
    ".page{fill:#fff}.node{fill:#f6f8fa;stroke:#d0d7de}.lost{stroke:#cf222e;stroke-dasharray:4 3}",
    "path{stroke-width:8;stroke-linecap:round}",
    colours("light"),
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}",
    ".node{fill:#161b22;stroke:#30363d}.lost{stroke:#f85149}",
    colours("dark"),
    "}",
  ].join("");
}

const escapes: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A name as it may stand in XML, and no longer than there is room for. */
function textOf(name: string): string {
  const characters = [...name];
  const cut =
    characters.length > thumbnailNameCharsMax
      ? [...characters.slice(0, thumbnailNameCharsMax - 1), "…"]
      : characters;
  return cut
    .join("")
    .replaceAll(/[^\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "?")
    .replaceAll(/[&<>"']/g, (character) => escapes[character] as string);
}
