import { useSignalEffect } from "@preact/signals";
import { Spacing } from "../api/tables.ts";
import type { Desk } from "./desk.ts";

/**
 * Asks at once, again for another cluster, and when something has changed of the resources that `concerns` names: soon where
 * that is seldom, every ten seconds where it goes on and on.
 */
export function useTold(
  desk: Desk,
  concerns: (resource: string) => boolean,
  ask: () => void,
): void {
  useSignalEffect(() => {
    const { changes } = desk.shown.value;
    ask();
    if (!changes) return;
    const spacing = new Spacing();
    let wasLost = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        ask();
      }, spacing.nextMs());
    };
    const leave = changes.listen({
      opened: () => {
        if (wasLost) soon();
        wasLost = false;
      },
      changed: (what) => {
        if (what === undefined || concerns(what)) soon();
      },
      lost: () => void (wasLost = true),
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  });
}
