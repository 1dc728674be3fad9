import { CopyButton } from "./copy-button.tsx";

/** First steps, in the order in which the cluster shows most. */
export const steps: readonly { does: string; command: string }[] = [
  {
    does: "Run three copies of a web server",
    command: "kubectl create deployment my-web --image=nginx --replicas=3",
  },
  { does: "See on which nodes they are", command: "kubectl get pods -o wide" },
  { does: "Kill them all, and watch them come back", command: "kubectl delete pod -l app=my-web" },
  {
    does: "Roll out a new version, Pod by Pod",
    command: "kubectl set image deployment/my-web nginx=nginx:1.27",
  },
  {
    does: "Roll out one that does not exist: the old Pods keep serving",
    command: "kubectl set image deployment/my-web nginx=nginx:1.161",
  },
  { does: "Go back", command: "kubectl rollout undo deployment/my-web" },
];

/** Types a line into the terminal, without Enter: whoever learns presses it. */
export type Type = (line: string) => void;

export const FirstSteps = ({ type }: { type?: Type | undefined }) => (
  <ol class="steps">
    {steps.map(({ does, command }) => (
      <li key={command}>
        {does}
        <Command command={command} type={type} />
      </li>
    ))}
  </ol>
);

/** A command to type into the terminal, or without one to take along. */
export const Command = ({ command, type }: { command: string; type?: Type | undefined }) => (
  <div class="command">
    <code>{command}</code>
    {type ? (
      <button
        type="button"
        class="copy"
        aria-label={`Type ${command}`}
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
