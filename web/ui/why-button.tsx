import "./why-button.css";

interface Props {
  of: string;
  /** As it is shown, where nothing beside it says of what. */
  text?: string;
  ask: () => void;
}

/** Asks why something is as it is, beside what is not as wished. */
export function WhyButton({ of, text = "Why?", ask }: Props) {
  return (
    <button type="button" class="why-button" aria-label={`Why is ${of} like this?`} onClick={ask}>
      {text}
    </button>
  );
}
