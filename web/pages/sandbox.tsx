import { signal, useSignal } from "@preact/signals";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useMemo } from "preact/hooks";
import { mayBeKnown } from "../api/me.ts";
import { ApiError, messageOf } from "../api/client.ts";
import {
  deleteSandbox,
  forkSandbox,
  listSandboxes,
  readSandbox,
  resetSandbox,
  type Sandbox,
  placeOf,
} from "../api/sandboxes.ts";
import { clusterOf } from "../api/tables.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { shownCluster } from "../desk/moment.ts";
import { listenForTimeKeys } from "../desk/time-keys.ts";
import { Pods } from "../panels/pods.tsx";
import { Presence } from "../panels/presence.tsx";
import { SandboxEmbedding } from "../panels/sandbox-embedding.tsx";
import { Sharing } from "../panels/sharing.tsx";
import { TerminalPanel } from "../panels/terminal.tsx";
import { Start } from "../panels/start.tsx";
import { Problem } from "../ui/panel.tsx";
import { useWork, when } from "../ui/work.ts";

const TimeBar = lazy(async () => (await import("../panels/time-bar.tsx")).TimeBar);
const Timeline = lazy(async () => (await import("../panels/timeline.tsx")).Timeline);

interface Props {
  id: string;
  /** Of the fragment; without it the cookie opens the sandbox. */
  secret?: string | undefined;
}

export function SandboxPage({ id, secret }: Props) {
  const sandbox = useSignal<Sandbox | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    readSandbox(id, secret).then(
      (found) => (sandbox.value = found),
      (error: unknown) => (problem.value = whyNot(error)),
    );
  }, []);
  if (sandbox.value) return <Yard sandbox={sandbox.value} />;
  return (
    <section class="welcome">
      <h1>{problem.value ? "It does not open" : "Opening the sandbox…"}</h1>
      <Problem text={problem.value} />
      {problem.value && <a href="/">Make a sandbox of your own</a>}
    </section>
  );
}

function whyNot(error: unknown): string {
  if (!(error instanceof ApiError)) return messageOf(error);
  if (error.status === 401 && !location.hash) {
    return "Sign in as somebody who belongs to this sandbox, or open it by a link with its key.";
  }
  return [401, 404, 410].includes(error.status)
    ? "That sandbox has expired or was deleted."
    : error.message;
}

function deskOf(sandbox: Sandbox): Desk {
  const live = clusterOf(sandbox);
  const moment = signal<number | undefined>(undefined);
  const shown = shownCluster(sandbox, live, moment);
  return { sandbox, live, moment, shown, selected: signal<ObjectRef | undefined>(undefined) };
}

function Yard({ sandbox }: { sandbox: Sandbox }) {
  const desk = useMemo(() => deskOf(sandbox), [sandbox]);
  useEffect(() => listenForTimeKeys(desk), [desk]);
  const { base } = desk.shown.value;
  return (
    <>
      <Head sandbox={sandbox} />
      <Foreign sandbox={sandbox} />
      {sandbox.role !== "viewer" && <TerminalPanel sandbox={sandbox} />}
      <div class="yard">
        <div class="column">
          <Start sandbox={sandbox} />
        </div>
        <div class="column">
          <Pods key={base} cluster={desk.shown.value} still={desk.moment.value !== undefined} />
          <Suspense fallback={null}>
            <Timeline desk={desk} />
          </Suspense>
          <Presence sandbox={sandbox} />
          <Sharing sandbox={sandbox} />
          {sandbox.role !== "viewer" && (
            <SandboxEmbedding sandbox={sandbox} title={nameOf(sandbox)} />
          )}
        </div>
      </div>
      <Suspense fallback={null}>
        <TimeBar desk={desk} />
      </Suspense>
    </>
  );
}

const nameOf = ({ title, id }: Sandbox): string => title || `podyard-${id.slice(0, 8)}`;

function Head({ sandbox }: { sandbox: Sandbox }) {
  const { busy, problem, run } = useWork();
  const { id, key, role } = sandbox;
  const remove = async (): Promise<void> => {
    await deleteSandbox(id, key);
    location.assign("/");
  };
  const reset = async (): Promise<void> => {
    await resetSandbox(id, key);
    location.reload();
  };
  const fork = async (): Promise<void> => {
    const made = await forkSandbox(sandbox);
    location.assign(placeOf(made));
  };
  return (
    <>
      <div class="head">
        <h1>{nameOf(sandbox)}</h1>
        <span class="quiet">
          {role}, until {when(sandbox.expiresAt)}
        </span>
        <button type="button" disabled={busy.value} onClick={() => run(fork)}>
          Fork
        </button>
        {role === "owner" && (
          <>
            <button
              type="button"
              disabled={busy.value}
              onClick={() =>
                confirm("Make this sandbox anew? What was done in it is gone.") && run(reset)
              }
            >
              Reset
            </button>
            <button
              type="button"
              disabled={busy.value}
              onClick={() => confirm("Delete this sandbox and everything in it?") && run(remove)}
            >
              Delete
            </button>
          </>
        )}
      </div>
      <Problem text={problem.value} />
    </>
  );
}

/** Opened by a link, and not by somebody who belongs to it. */
function Foreign({ sandbox }: { sandbox: Sandbox }) {
  const foreign = useSignal(false);
  useEffect(() => {
    if (sandbox.key === undefined) return;
    const own = mayBeKnown() ? listSandboxes().catch(() => []) : Promise.resolve([]);
    void own.then((found) => (foreign.value = !found.some(({ id }) => id === sandbox.id)));
  }, []);
  return foreign.value ? (
    <p class="notice" role="status">
      You opened this sandbox by a link. Whoever else has the link sees and changes the same.
    </p>
  ) : null;
}
