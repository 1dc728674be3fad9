import { useSignal } from "@preact/signals";
import { sharingOf, type Sandbox } from "../api/sandboxes.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";

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

export function Start({ sandbox }: { sandbox: Sandbox }) {
  const made = useSignal<string | undefined>(undefined);
  const kubeconfig = sandbox.kubeconfig ?? made.value;
  const file = `podyard-${sandbox.id.slice(0, 8)}.kubeconfig`;
  return (
    <section class="panel" aria-labelledby="start-title">
      <h2 id="start-title">Connect kubectl</h2>
      {kubeconfig === undefined ? (
        <MakeKubeconfig sandbox={sandbox} done={(text) => (made.value = text)} />
      ) : (
        <Kubeconfig text={kubeconfig} file={file} />
      )}
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

/** The cookie opens the page; kubectl needs a key of its own. */
function MakeKubeconfig({ sandbox, done }: { sandbox: Sandbox; done: (text: string) => void }) {
  const { busy, problem, run } = useWork();
  const make = async (): Promise<void> => done((await sharingOf(sandbox).makeKey({})).kubeconfig);
  return (
    <>
      <p>kubectl needs a kubeconfig with a key of its own, which you can revoke later.</p>
      <Problem text={problem.value} />
      <div class="actions">
        <button type="button" disabled={busy.value} onClick={() => run(make)}>
          Make a kubeconfig
        </button>
      </div>
    </>
  );
}

function Kubeconfig({ text, file }: { text: string; file: string }) {
  return (
    <>
      <p>
        Save the kubeconfig. It holds a key to this sandbox, so treat it like a password; your other
        clusters stay untouched.
      </p>
      <div class="actions">
        <a
          class="button"
          download={file}
          href={`data:application/yaml;charset=utf-8,${encodeURIComponent(text)}`}
        >
          Download
        </a>
        <CopyButton text={text} label="Copy" what="the kubeconfig" />
      </div>
      <details>
        <summary>Show it</summary>
        <pre tabIndex={0} role="region" aria-label="The kubeconfig">
          {text}
        </pre>
      </details>
    </>
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
