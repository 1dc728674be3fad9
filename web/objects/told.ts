import { useSignalEffect } from "@preact/signals";
import { Spacing } from "../api/tables.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";

/**
 * Asks at once, and again when something of the object's kind, of the events, or of another resource that `concerns` it has
 * changed: soon where that is seldom, every ten seconds where it goes on and on.
 */
export function useTold(
  desk: Desk,
  object: ObjectRef,
  ask: () => void,
  concerns: (resource: string) => boolean = () => false,
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
        const isOurs = what === undefined || what === object.resource || what === "events";
        if (isOurs || concerns(what)) soon();
      },
      lost: () => void (wasLost = true),
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  });
}
