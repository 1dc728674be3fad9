import { CopyButton } from "./copy-button.tsx";

/** What makes the first Pods of a cluster in which nothing runs yet. */
export const firstCommand = "kubectl create deployment my-web --image=nginx --replicas=3";

interface Props {
  command: string;
  /** Types a line into the terminal, without Enter: whoever learns presses it. */
  type?: ((line: string) => void) | undefined;
}

/** A command to type into the terminal, or without one to take along. */
export const Command = ({ command, type }: Props) => (
  <div class="command">
    <code>{command}</code>
    {type ? (
      <button
        type="button"
        class="copy"
        aria-label={`Type it: ${command}`}
        title="Types it into the terminal; press Enter there"
        onClick={() => type(command)}
      >
        Type it
      </button>
    ) : (
      <CopyButton text={command} label="Copy" what={command} />
    )}
  </div>
);
