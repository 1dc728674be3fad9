import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Sandbox } from "../api/sandboxes.ts";
import type { ScreenState, TerminalScreen } from "../api/terminal.ts";

interface Props {
  sandbox: Sandbox;
  name: string;
  /** `node/NAME` or `pod/NAMESPACE/NAME/CONTAINER`; absent: the control plane. */
  machine?: string | undefined;
  /** Of what is typed: what is sent. */
  outgoing?: ((text: string) => string) | undefined;
  opened?: (screen: TerminalScreen, focus: () => void) => void;
  left?: () => void;
}

/** One terminal. The emulator is loaded when the first is seen. */
export function TerminalPanel({ sandbox, name, machine, outgoing, opened, left }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<TerminalScreen | undefined>(undefined);
  const state = useSignal<ScreenState>({ is: "connecting" });
  const problem = useSignal(false);

  useEffect(() => {
    let stop: (() => void) | undefined;
    let isLeft = false;
    import("../ui/emulator.ts").then(
      ({ emulate }) => {
        if (isLeft || !place.current) return;
        const tell = (next: ScreenState): void => void (state.value = next);
        const emulated = emulate(place.current, { sandbox, name, machine, outgoing, tell });
        screen.current = emulated.screen;
        stop = emulated.stop;
        opened?.(emulated.screen, emulated.focus);
      },
      () => (problem.value = true),
    );
    return () => {
      isLeft = true;
      left?.();
      stop?.();
    };
  }, []);

  return (
    <>
      <div class="terminal-screen" ref={place} />
      <p class="quiet terminal-state" role="status">
        {problem.value && "The terminal could not be loaded. Load the page again."}
        {!problem.value && state.value.is === "connecting" && "Connecting…"}
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
    </>
  );
}
