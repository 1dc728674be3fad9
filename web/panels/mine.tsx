import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { deleteSandbox, listSandboxes, renameSandbox, type Summary } from "../api/sandboxes.ts";
import { deleteScenario, listScenarios } from "../api/scenarios.ts";
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
  const renaming = useSignal(false);
  const { busy, problem, run } = useWork();
  const { id, title, role, expiresAt } = sandbox;
  const name = title || `podyard-${id.slice(0, 8)}`;
  const rename = async (next: string): Promise<void> => {
    await renameSandbox(id, next);
    renaming.value = false;
    await again();
  };
  const remove = (): void => {
    if (!confirm(`Delete ${name} and everything in it?`)) return;
    run(() => deleteSandbox(id).then(again));
  };
  if (renaming.value) {
    return (
      <li>
        <Rename title={title} disabled={busy.value} done={(next) => run(() => rename(next))} />
        <Problem text={problem.value} />
      </li>
    );
  }
  return (
    <li>
      <span>
        <a href={`/s/${id}`}>{name}</a>{" "}
        <span class="quiet">
          {role}, until {when(expiresAt)}
        </span>
      </span>
      {role === "owner" && (
        <span class="actions">
          <button
            type="button"
            aria-label={`Rename ${name}`}
            onClick={() => (renaming.value = true)}
          >
            Rename
          </button>
          <button
            type="button"
            aria-label={`Delete ${name}`}
            disabled={busy.value}
            onClick={remove}
          >
            Delete
          </button>
        </span>
      )}
      <Problem text={problem.value} />
    </li>
  );
}

interface RenameProps {
  title: string;
  disabled: boolean;
  done: (title: string) => void;
}

function Rename({ title, disabled, done }: RenameProps) {
  const field = useId();
  const next = useSignal(title);
  return (
    <form
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        done(next.value.trim());
      }}
    >
      <label for={field}>Title</label>
      <input
        id={field}
        required
        maxLength={80}
        value={next.value}
        onInput={(event) => (next.value = event.currentTarget.value)}
      />
      <button type="submit" disabled={disabled}>
        Save
      </button>
    </form>
  );
}

export function MySnapshots() {
  const { value: snapshots, problem: unread, again } = useLoaded(listSnapshots);
  const { busy, problem, run } = useWork();
  return (
    <Panel title="Snapshots">
      <Problem text={problem.value ?? unread.value} />
      {snapshots.value?.length === 0 && <p class="quiet">None. A sandbox's page takes them.</p>}
      <ul class="rows">
        {snapshots.value?.map((one) => (
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

const audiences: Record<string, string> = {
  private: "for you alone",
  link: "for whoever has the link",
  public: "in the gallery",
};

export function MyScenarios() {
  const { value: scenarios, problem: unread, again } = useLoaded(listScenarios);
  const { busy, problem, run } = useWork();
  return (
    <Panel title="Scenarios">
      <Problem text={problem.value ?? unread.value} />
      {scenarios.value?.length === 0 && (
        <p class="quiet">
          None. The <a href="/api#postScenarios">API</a> saves them.
        </p>
      )}
      <ul class="rows">
        {scenarios.value?.map((one) => (
          <li key={one.id}>
            <span>
              <a href={`/l/${one.id}`}>{one.title}</a>{" "}
              <span class="quiet">{one.published ? audiences[one.visibility] : "a draft"}</span>
            </span>
            <button
              type="button"
              aria-label={`Delete ${one.title}`}
              disabled={busy.value}
              onClick={() =>
                confirm(`Delete ${one.title}? Labs that were made from it go on.`) &&
                run(() => deleteScenario(one.id).then(again))
              }
            >
              Delete
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
