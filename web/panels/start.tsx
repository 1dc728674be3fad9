import { sandbox } from "../state.ts";
import { CopyButton } from "../ui/copy-button.tsx";

/** First steps, in the order in which the cluster shows most. */
const steps: { does: string; command: string }[] = [
  { does: "See the nodes", command: "kubectl get nodes" },
  {
    does: "Run three copies of a web server",
    command: "kubectl create deployment my-web --image=nginx --replicas=3",
  },
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

export function Start() {
  const { kubeconfig, id } = sandbox.value!;
  const file = `podyard-${id.slice(0, 8)}.kubeconfig`;
  return (
    <section class="panel" aria-labelledby="start-title">
      <h2 id="start-title">Connect kubectl</h2>
      <p>
        Save the kubeconfig. It holds the key to this sandbox, so treat it like a password; your
        other clusters stay untouched.
      </p>
      <div class="actions">
        <a
          class="button"
          download={file}
          href={`data:application/yaml;charset=utf-8,${encodeURIComponent(kubeconfig)}`}
        >
          Download
        </a>
        <CopyButton text={kubeconfig} label="Copy" what="the kubeconfig" />
      </div>
      <details>
        <summary>Show it</summary>
        <pre tabIndex={0}>{kubeconfig}</pre>
      </details>
      <p>Then, in a terminal:</p>
      <Command command={`export KUBECONFIG=~/Downloads/${file}`} />
      <ol class="steps">
        {steps.map(({ does, command }) => (
          <li key={command}>
            {does}
            <Command command={command} />
          </li>
        ))}
      </ol>
      <p class="quiet">
        kubectl 1.30 or newer. To see every change as it happens: <code>kubectl get pods -w</code>
      </p>
    </section>
  );
}

function Command({ command }: { command: string }) {
  return (
    <div class="command">
      <code>{command}</code>
      <CopyButton text={command} label="Copy" what={command} />
    </div>
  );
}
