import type { Hop, Trace } from "../../durable-objects/engine/kinds/podyard/trace.ts";
import type { Box, Layout } from "./layout.ts";
import { transitionMsMax } from "./motion.ts";

/** A request as it travels through the picture: the stations of a Trace, one after the other. */

export interface Point {
  x: number;
  y: number;
}

export interface Travel {
  uid: string;
  points: Point[];
  /** `200`, or the error's word. */
  word: string;
  isAnswered: boolean;
}

/** So long its end is seen, in ms. */
export const endMs = 3_000;

/** Undefined: it is still on its way in the cluster, or none of its stations is in the picture. */
export function travelOf(trace: Trace, layout: Layout): Travel | undefined {
  const { phase, code, error, hops = [] } = trace.status ?? {};
  if (phase !== "Done") return undefined;
  const points: Point[] = [];
  for (const hop of hops) {
    const point = placeOf(hop, layout);
    const last = points.at(-1);
    if (point && (point.x !== last?.x || point.y !== last.y)) points.push(point);
  }
  if (points.length === 0) return undefined;
  const isAnswered = error === undefined && code !== undefined && code < 500;
  return { uid: trace.metadata.uid, points, word: error ?? String(code ?? ""), isAnswered };
}

function placeOf({ kind, name }: Hop, { cells, rails, rooms }: Layout): Point | undefined {
  const isNamed = ({ ref }: { ref: { namespace: string; name: string } }): boolean =>
    `${ref.namespace}/${ref.name}` === name;
  const dns = rails.find(({ service }) => service.ref.name === "kube-dns");
  const room = rooms.find(({ node }) => node?.ref.name === name);
  const cell = cells.find(({ pod }) => isNamed(pod));
  switch (kind) {
    case "dns":
      return dns && center(dns);
    case "service":
      return center(rails.find(({ service }) => isNamed(service)));
    case "node":
      return room && door(room);
    case "source":
      // From outside: the edge of the picture.
      return center(cell) ?? (room ? door(room) : { x: 0, y: 0 });
    default:
      return center(cell);
  }
}

const door = ({ x, y, w, h }: Box): Point => ({ x: x + w / 2, y: y + h });

function center(box: Box | undefined): Point | undefined {
  return box && { x: box.x + box.w / 2, y: box.y + box.h / 2 };
}

/** Where it is `elapsedMs` after its start, a leg taking no longer than any other movement. */
export function travelAt(
  { points }: Travel,
  elapsedMs: number,
): Point & { legs: number; isThere: boolean; isOver: boolean } {
  const last = points.length - 1;
  const t = Math.min(last, Math.max(0, elapsedMs / transitionMsMax));
  const legs = Math.min(Math.floor(t), Math.max(0, last - 1));
  const [from, to] = [points[legs]!, points[legs + 1] ?? points[legs]!];
  return {
    x: from.x + (to.x - from.x) * (t - legs),
    y: from.y + (to.y - from.y) * (t - legs),
    legs: t === last ? last : legs,
    isThere: t === last,
    isOver: elapsedMs > last * transitionMsMax + endMs,
  };
}

/** `GET http://web from outside: 200 in 3 ms`; of one that failed also where. */
export function travelSentence({ spec, status, metadata }: Trace): string {
  const { method = "GET", url = "", from } = spec ?? {};
  const { code, error, tookMs, hops = [] } = status ?? {};
  const who = from === undefined ? "outside" : `${metadata.namespace}/${from}`;
  const said = error ?? (code === undefined ? "on its way" : String(code));
  const end = hops.at(-1);
  const where = end?.failed ? `, ended at ${end.kind} ${end.name}: ${end.detail}` : "";
  const took = tookMs === undefined ? "" : ` in ${tookMs} ms`;
  return `${method} ${url} from ${who}: ${said}${took}${where}`;
}
