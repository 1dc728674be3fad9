import { CopyButton } from "./copy-button.tsx";

/** A text to take along. */
export function Snippet({ text, what }: { text: string; what: string }) {
  return (
    <div class="snippet">
      <pre tabIndex={0} aria-label={what}>
        {text}
      </pre>
      <CopyButton text={text} label="Copy" what={what} />
    </div>
  );
}
