import { useSignal } from "@preact/signals";
import { sharingOf, type Sandbox } from "../api/sandboxes.ts";
import { Embedding } from "./embedding.tsx";
import { Panel, Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";

/** A page that embeds a sandbox carries a key, for all its readers to see: so it is one of its own, a viewer's. */
export function SandboxEmbedding({ sandbox, title }: { sandbox: Sandbox; title: string }) {
  const secret = useSignal<string | undefined>(undefined);
  const { busy, problem, run } = useWork();
  const make = async (): Promise<void> => {
    const made = await sharingOf(sandbox).makeKey({ role: "viewer", name: "embedded" });
    secret.value = /podyard_[\w-]{43}/.exec(made.kubeconfig)?.[0];
  };
  if (secret.value) {
    return <Embedding path={`/embed/s/${sandbox.id}#k=${secret.value}`} title={title} />;
  }
  return (
    <Panel title="Embed">
      <p class="quiet">
        Shows this living cluster in a page of yours. The page carries a key with which its readers
        may look, and change nothing; revoke it, and the frame is empty. To let each reader go on by
        themselves, embed a snapshot.
      </p>
      <Problem text={problem.value} />
      <button type="button" disabled={busy.value} onClick={() => run(make)}>
        Make a snippet
      </button>
    </Panel>
  );
}
