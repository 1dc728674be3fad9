import "./why-button.css";

/** Asks why something is as it is, beside what is not as wished. */
export function WhyButton({ of, ask }: { of: string; ask: () => void }) {
  return (
    <button type="button" class="why-button" aria-label={`Why is ${of} like this?`} onClick={ask}>
      Why?
    </button>
  );
}
