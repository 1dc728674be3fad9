import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { deleteSandbox, listSandboxes, renameSandbox, type Summary } from "../api/sandboxes.ts";
import { listScenarios } from "../api/scenarios.ts";
import { listSnapshots, withdrawSnapshot } from "../api/snapshots.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { useLoaded, useWork, when } from "../ui/work.ts";

/** What somebody made, or belongs to. */

export function MySandboxes() {
  const { value: sandboxes, problem: unread, again } = useLoaded(listSandboxes);
  return (
    <Panel title="Sandboxes">
      <Problem text={unread.value} />
      {sandboxes.value?.length === 0 && <p class="quiet">None. One is made on the first page.</p>}
      <ul class="rows">
        {sandboxes.value?.map((one) => (
          <SandboxRow key={one.id} sandbox={one} again={again} />
        ))}
      </ul>
    </Panel>
  );
}

function SandboxRow({ sandbox, again }: { sandbox: Summary; again: () => Promise<void> }) {
  const field = useId();
  const renaming = useSignal<string | undefined>(undefined);
  const { busy, problem, run } = useWork();
  const { id, title, role, expiresAt } = sandbox;
  const name = title || `podyard-${id.slice(0, 8)}`;
  const rename = async (): Promise<void> => {
    await renameSandbox(id, renaming.value!.trim());
    renaming.value = undefined;
    await again();
  };
  return (
    <li>
      {renaming.value === undefined ? (
        <span>
          <a href={`/s/${id}`}>{name}</a>{" "}
          <span class="quiet">
            {role}, until {when(expiresAt)}
          </span>
        </span>
      ) : (
        <form
          class="field"
          onSubmit={(event) => {
            event.preventDefault();
            run(rename);
          }}
        >
          <label for={field}>Title</label>
          <input
            id={field}
            required
            maxLength={80}
            value={renaming.value}
            onInput={(event) => (renaming.value = event.currentTarget.value)}
          />
          <button type="submit" disabled={busy.value}>
            Save
          </button>
        </form>
      )}
      {role === "owner" && renaming.value === undefined && (
        <span class="actions">
          <button
            type="button"
            aria-label={`Rename ${name}`}
            onClick={() => (renaming.value = title)}
          >
            Rename
          </button>
          <button
            type="button"
            aria-label={`Delete ${name}`}
            disabled={busy.value}
            onClick={() =>
              confirm(`Delete ${name} and everything in it?`) &&
              run(() => deleteSandbox(id).then(again))
            }
          >
            Delete
          </button>
        </span>
      )}
      <Problem text={problem.value} />
    </li>
  );
}

export function MySnapshots() {
  const { value: snapshots, problem: unread, again } = useLoaded(listSnapshots);
  const { busy, problem, run } = useWork();
  if (!snapshots.value) return unread.value ? <Problem text={unread.value} /> : null;
  return (
    <Panel title="Snapshots">
      <Problem text={problem.value} />
      {snapshots.value.length === 0 && <p class="quiet">None. A sandbox's page takes them.</p>}
      <ul class="rows">
        {snapshots.value.map((one) => (
          <li key={one.id}>
            <span>
              <a href={`/x/${one.id}`}>{one.title || `Snapshot ${one.id.slice(0, 8)}`}</a>{" "}
              <span class="quiet">
                {one.pods} Pods, {when(one.createdAt)}
              </span>
            </span>
            <button
              type="button"
              aria-label={`Withdraw ${one.title || one.id}`}
              disabled={busy.value}
              onClick={() =>
                confirm("Withdraw this snapshot? Nobody will open it any more.") &&
                run(() => withdrawSnapshot(one.id).then(again))
              }
            >
              Withdraw
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function MyScenarios() {
  const { value: scenarios } = useLoaded(() => listScenarios().catch(() => undefined));
  if (!scenarios.value?.length) return null;
  return (
    <Panel title="Scenarios">
      <ul class="rows">
        {scenarios.value.map((one) => (
          <li key={one.id}>
            <a href={`/l/${one.id}`}>{one.title}</a>
            <span class="quiet">{one.visibility}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
