import { useSignal } from "@preact/signals";

/** Copies a text; says so on the button and to screen readers. */
export function CopyButton({ text, label, what }: { text: string; label: string; what: string }) {
  const done = useSignal<"copied" | "failed" | undefined>(undefined);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      done.value = "copied";
    } catch {
      // No permission, or no https: the text can still be selected by hand.
      done.value = "failed";
    }
    setTimeout(() => (done.value = undefined), 1500);
  };
  const shown = done.value === "copied" ? "Copied" : done.value === "failed" ? "Select it" : label;
  return (
    <button type="button" class="copy" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      <span aria-live="polite">{shown}</span>
    </button>
  );
}
