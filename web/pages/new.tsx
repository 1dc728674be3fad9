import { createSandbox } from "../api/sandboxes.ts";
import { unpack } from "../api/manifest-link.ts";
import { enter } from "../desk/entering.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { useTitle } from "../ui/title.ts";
import { useLoaded, useWork } from "../ui/work.ts";

/** Manifests that the link itself carries: shown first, applied when the visitor says so. */
export function NewPage({ packed }: { packed: string | undefined }) {
  useTitle("A cluster from a link");
  const { value: manifests, problem: unread } = useLoaded(() => unpack(packed));
  const { busy, problem, run } = useWork();
  const text = manifests.value;
  const start = (): Promise<void> => enter(createSandbox({ manifests: text! }));
  return (
    <div class="article">
      <h1>A cluster from a link</h1>
      <Problem text={problem.value ?? unread.value} />
      {text !== undefined && (
        <>
          <p class="lead">
            Whoever sent you this link wants these manifests applied. Read them first; they are
            applied to a new sandbox of your own.
          </p>
          <p>
            <button class="primary" type="button" disabled={busy.value} onClick={() => run(start)}>
              {busy.value ? "Making it…" : "Make a sandbox with these"}
            </button>
          </p>
          <Panel title="Manifests">
            <pre tabIndex={0} aria-label="The manifests">
              {text}
            </pre>
          </Panel>
        </>
      )}
    </div>
  );
}
