import { useSignal } from "@preact/signals";
import { sharingOf, type Sandbox } from "../api/sandboxes.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Command } from "../ui/command.tsx";
import { Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";

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
