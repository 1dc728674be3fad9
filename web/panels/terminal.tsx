import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Sandbox } from "../api/sandboxes.ts";
import type { ScreenState, TerminalScreen } from "../api/terminal.ts";
import { Panel } from "../ui/panel.tsx";

/** A terminal on the control plane. The emulator is loaded when the panel is first seen. */
export function TerminalPanel({ sandbox, name = "main" }: { sandbox: Sandbox; name?: string }) {
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<TerminalScreen | undefined>(undefined);
  const state = useSignal<ScreenState>({ is: "connecting" });

  useEffect(() => {
    let stop: (() => void) | undefined;
    let left = false;
    void import("../ui/emulator.ts").then(({ emulate }) => {
      if (left || !place.current) return;
      const opened = emulate(place.current, sandbox, name, (next) => (state.value = next));
      screen.current = opened.screen;
      stop = opened.stop;
    });
    return () => {
      left = true;
      stop?.();
    };
  }, []);

  return (
    <Panel title="Terminal">
      <div class="terminal-screen" ref={place} />
      <p class="quiet" role="status">
        {state.value.is === "connecting" && "Connecting…"}
        {state.value.is === "open" &&
          state.value.dropped !== undefined &&
          `${state.value.dropped.toLocaleString("en-US")} bytes were not taken: nothing reads what was typed before.`}
        {state.value.is === "over" && (
          <>
            The terminal has ended ({state.value.why}).{" "}
            <button type="button" onClick={() => screen.current?.open()}>
              Begin again
            </button>
          </>
        )}
      </p>
    </Panel>
  );
}
