import { lazy, Suspense } from "preact/compat";
import { createSandbox } from "../api/sandboxes.ts";
import {
  kubeOf,
  ownsSnapshot,
  readSnapshot,
  withdrawSnapshot,
  type Snapshot,
} from "../api/snapshots.ts";
import { enter } from "../desk/entering.ts";
import { Embedding } from "../panels/embedding.tsx";
import { Pods } from "../panels/pods.tsx";
import { Panel, Problem } from "../ui/panel.tsx";
import { useTitle } from "../ui/title.ts";
import { useLoaded, useWork, when } from "../ui/work.ts";

const StillPicture = lazy(async () => (await import("../panels/lone-picture.tsx")).StillPicture);

/** A frozen moment, shown at once; going on from it makes a cluster of one's own. */
export function SnapshotPage({ id }: { id: string }) {
  const { value: snapshot, problem } = useLoaded(() => readSnapshot(id));
  if (snapshot.value) return <Moment snapshot={snapshot.value} />;
  return (
    <section class="welcome">
      <h1>{problem.value ? "It does not open" : "Opening the snapshot…"}</h1>
      <Problem text={problem.value} />
      {problem.value && <a href="/">Make a sandbox of your own</a>}
    </section>
  );
}

function Moment({ snapshot }: { snapshot: Snapshot }) {
  const { id } = snapshot;
  const title = snapshot.title || `Snapshot ${id.slice(0, 8)}`;
  useTitle(title);
  const { value: mine } = useLoaded(() => ownsSnapshot(id).catch(() => false));
  const { busy, problem, run } = useWork();
  const fork = (): Promise<void> => enter(createSandbox({ snapshot: id }));
  const withdraw = async (): Promise<void> => {
    await withdrawSnapshot(id);
    location.assign("/me");
  };
  return (
    <>
      <div class="head">
        <h1>{title}</h1>
        <button class="primary" type="button" disabled={busy.value} onClick={() => run(fork)}>
          {busy.value ? "Making it…" : "Make it mine"}
        </button>
        {mine.value && (
          <button
            type="button"
            disabled={busy.value}
            onClick={() =>
              confirm("Withdraw this snapshot? Nobody will open it any more.") && run(withdraw)
            }
          >
            Withdraw
          </button>
        )}
      </div>
      <Problem text={problem.value} />
      <Suspense fallback={<p class="quiet">Drawing it…</p>}>
        <StillPicture base={kubeOf(id)} />
      </Suspense>
      <div class="yard">
        <div class="column">
          <Facts snapshot={snapshot} />
        </div>
        <div class="column">
          <Pods cluster={{ base: kubeOf(id) }} still />
          <Embedding path={`/embed/x/${id}`} title={title} />
        </div>
      </div>
    </>
  );
}

function Facts({ snapshot }: { snapshot: Snapshot }) {
  return (
    <Panel title="This moment">
      <dl>
        <dt>The cluster's time</dt>
        <dd>{when(snapshot.virtualTime)}</dd>
        <dt>Revision</dt>
        <dd>{snapshot.revision}</dd>
        <dt>Nodes</dt>
        <dd>{snapshot.nodes}</dd>
        <dt>Pods</dt>
        <dd>{snapshot.pods}</dd>
        <dt>Taken</dt>
        <dd>{when(snapshot.createdAt)}</dd>
        <dt>Forks</dt>
        <dd>{snapshot.forks}</dd>
      </dl>
      <p class="quiet">
        Read-only, as it was. Go on from here in a cluster of your own: this one stays as it is.
        {snapshot.secretsLeftOut && " What Secrets held was left out."}
      </p>
    </Panel>
  );
}
