/** The track of the kept past: where each moment lies on it, and what is marked. */

/** What the track needs of a row of the timeline. */
export interface Happening {
  revision: number;
  /** RFC 3339. */
  at: string;
  by: { kind: string };
}

/** What happened at one virtual moment. What a person writes begins another, and what follows from it belongs to it: time may stand. */
export interface Moment {
  /** The newest: the cluster as of it shows everything of this moment. */
  revision: number;
  atMs: number;
  count: number;
  /** A person, a service account or an undo had a hand in it. */
  byPerson: boolean;
}

/** Virtual moments of rows, oldest first, as the rows are. */
export function momentsOf(rows: readonly Happening[]): Moment[] {
  const moments: Moment[] = [];
  for (const { revision, at, by } of rows) {
    const atMs = Date.parse(at);
    const byPerson = by.kind === "person" || by.kind === "service";
    const last = moments.at(-1);
    if (last?.atMs === atMs && !byPerson) {
      last.revision = revision;
      last.count += 1;
    } else moments.push({ revision, atMs, count: 1, byPerson });
  }
  return moments;
}

/** A second of quiet is as wide as a moment, an hour twelve times that: bursts stay apart, and quiet hours leave them room. */
const widthOf = (gapMs: number): number => 1 + Math.log2(1 + Math.max(0, gapMs) / 1000);

/** Where the moments lie, from 0 to 1; 1 is now, `nowMs`. */
export function placesOf(moments: readonly Moment[], nowMs: number): number[] {
  const sums: number[] = [];
  let sum = 0;
  for (const [at, { atMs }] of moments.entries()) {
    if (at > 0) sum += widthOf(atMs - moments[at - 1]!.atMs);
    sums.push(sum);
  }
  const last = moments.at(-1);
  const whole = last ? sum + widthOf(nowMs - last.atMs) : 1;
  return sums.map((place) => place / whole);
}

export interface Mark {
  /** From 0 to 1. */
  place: number;
  /** From 0 to 1, by how much happened. */
  height: number;
  byPerson: boolean;
}

/** At most `most` marks, each for what lies in its part of the track. */
export function marksOf(
  moments: readonly Moment[],
  places: readonly number[],
  most: number,
): Mark[] {
  const parts = new Map<number, { count: number; byPerson: boolean }>();
  for (const [at, { count, byPerson }] of moments.entries()) {
    const part = Math.min(most - 1, Math.floor(places[at]! * most));
    const known = parts.get(part);
    if (known) {
      known.count += count;
      known.byPerson ||= byPerson;
    } else parts.set(part, { count, byPerson });
  }
  const top = Math.log2(1 + Math.max(1, ...[...parts.values()].map(({ count }) => count)));
  return [...parts].map(([part, { count, byPerson }]) => ({
    place: (part + 0.5) / most,
    height: Math.log2(1 + count) / top,
    byPerson,
  }));
}

/** Which moment a revision belongs to: the first that has it or comes after it; none: it is later than all. */
export function indexOf(moments: readonly Moment[], revision: number): number {
  const at = moments.findIndex((moment) => moment.revision >= revision);
  return at < 0 ? moments.length : at;
}

/** The moment nearest to a place of the track; undefined: now. */
export function momentAt(
  moments: readonly Moment[],
  places: readonly number[],
  place: number,
): Moment | undefined {
  let best: Moment | undefined;
  let distance = Math.abs(1 - place);
  for (const [at, moment] of moments.entries()) {
    const off = Math.abs(places[at]! - place);
    if (off <= distance) {
      distance = off;
      best = moment;
    }
  }
  return best;
}

/** The last moment at or before a virtual one; the oldest that is kept, where that is later. */
export const momentBefore = (moments: readonly Moment[], ms: number): Moment | undefined =>
  moments.findLast(({ atMs }) => atMs <= ms) ?? moments[0];

/**
 * The revision to look at so many moments further (back: below 0); undefined: now. It stays at the ends. From now one goes back
 * to the last moment but one, since the cluster as of the last is what now shows.
 */
export function stepped(
  moments: readonly Moment[],
  from: number | undefined,
  by: number,
): number | undefined {
  const last = moments.length - 1;
  const at = from === undefined ? last : Math.min(last, indexOf(moments, from));
  const to = Math.max(0, at + by);
  return to >= last ? undefined : moments[to]!.revision;
}
