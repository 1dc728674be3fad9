import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Sandbox } from "../api/sandboxes.ts";
import { pasteCharsMax, type ScreenState, type TerminalScreen } from "../api/terminal.ts";

interface Props {
  sandbox: Sandbox;
  name: string;
  /** `node/NAME` or `pod/NAMESPACE/NAME/CONTAINER`; absent: the control plane. */
  machine?: string | undefined;
  /** Of what is typed: what is sent. */
  outgoing?: ((text: string) => string) | undefined;
  /** For screen readers; else for eyes alone. */
  spoken?: ReadonlySignal<boolean>;
  opened?: (screen: TerminalScreen, focus: () => void) => void;
  left?: () => void;
}

/** One terminal. The emulator is loaded when the first is seen. */
export function TerminalPanel({ sandbox, name, machine, outgoing, spoken, opened, left }: Props) {
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
        const emulated = emulate(place.current, { sandbox, name, machine, outgoing, spoken, tell });
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
        {problem.value
          ? "The terminal could not be loaded. Load the page again."
          : words(state.value)}
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

const count = (one: number): string => one.toLocaleString("en-US");

function words(state: ScreenState): string {
  if (state.is === "over") return "";
  if (state.refused !== undefined) {
    return `${count(state.refused)} characters were pasted, and none of them typed: a terminal takes at most ${count(pasteCharsMax)} at once. Paste it in parts, or make a ConfigMap of it and read that.`;
  }
  if (state.is === "open") {
    return state.dropped === undefined
      ? ""
      : `${count(state.dropped)} bytes were not taken: nothing reads what was typed before.`;
  }
  if (state.full)
    return "The connection is lost, and no more keys are kept for it. Wait until it is back.";
  return state.again
    ? "The connection is lost and tried again. What runs here goes on; keys wait."
    : "Connecting…";
}
