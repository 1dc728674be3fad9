import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clockOf } from "../api/clock.ts";
import { followPresence, type Present } from "../api/presence.ts";
import type { Sandbox } from "../api/sandboxes.ts";
import { clusterOf } from "../api/tables.ts";
import { Panel } from "../ui/panel.tsx";

/** As long as the service tells of who has nothing open; nobody wakes the sandbox to say that it is over. */
const shownMs = 5 * 60_000;
const tickMs = 30_000;

/** Who was there at a moment of the service's clock, in ms. */
export interface Here {
  people: Present[];
  atMs: number;
}

/** Who is in the sandbox at the moment, told by a stream that lets it sleep, while somebody can see the page. Undefined: not told yet. */
export function usePresence(sandbox: Sandbox): Here | undefined {
  const present = useSignal<Present[] | undefined>(undefined);
  const control = clockOf(clusterOf(sandbox));
  // The clock of who looks may be hours off; until the service's is known there is no other.
  const wall = (): number => control.wallMs ?? Date.now();
  const now = useSignal(wall());

  useEffect(() => {
    let following: AbortController | undefined;
    const show = (next: Present[]): void => {
      present.value = next;
      now.value = wall();
    };
    // At once, while the page still may: it is hidden too when it is left.
    const change = (): void => {
      following?.abort();
      following = document.hidden ? undefined : new AbortController();
      if (following) void followPresence(sandbox, show, following.signal);
    };
    const timer = setInterval(() => (now.value = wall()), tickMs);
    const leave = control.clock.subscribe(() => (now.value = wall()));
    document.addEventListener("visibilitychange", change);
    change();
    return () => {
      clearInterval(timer);
      leave();
      document.removeEventListener("visibilitychange", change);
      following?.abort();
    };
  }, []);

  if (!present.value) return undefined;
  const people = present.value.filter(
    ({ seenAt }) => seenAt === undefined || now.value - Date.parse(seenAt) < shownMs,
  );
  return { people, atMs: now.value };
}

export function Presence({ here }: { here: Here | undefined }) {
  if (!here) return null;
  return (
    <Panel title="Here now">
      <ul class="rows">
        {here.people.map((one) => (
          <li key={`${one.role} ${one.name}`}>
            <span>
              {one.you ? `You (${one.name})` : one.name}{" "}
              <span class="quiet">
                {one.role}, {one.clients.join(" and ")}
                {one.pages > 1 && `, ${one.pages} pages`}, {momentOf(one, here.atMs)}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function momentOf({ seenAt, since }: Present, now: number): string {
  if (seenAt === undefined) return `since ${clock(since)}`;
  const minutes = Math.max(1, Math.round((now - Date.parse(seenAt)) / 60_000));
  return minutes === 1 ? "a minute ago" : `${minutes} minutes ago`;
}

const clock = (iso: string): string =>
  new Date(iso).toLocaleTimeString(undefined, { timeStyle: "short" });
