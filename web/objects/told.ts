import { useSignalEffect } from "@preact/signals";
import type { Desk, ObjectRef } from "../desk/desk.ts";

const soonMs = 1_000;

/** Asks at once, and again when something of the object's kind, or of the events, has changed. */
export function useTold(desk: Desk, object: ObjectRef, ask: () => void): void {
  useSignalEffect(() => {
    const { changes } = desk.shown.value;
    ask();
    if (!changes) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        ask();
      }, soonMs);
    };
    const leave = changes.listen({
      opened: () => undefined,
      changed: (what) => {
        if (what === undefined || what === object.resource || what === "events") soon();
      },
      lost: () => undefined,
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  });
}
