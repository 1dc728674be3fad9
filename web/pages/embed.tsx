import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { lazy, Suspense } from "preact/compat";
import { useEffect } from "preact/hooks";
import { askWithoutCookies } from "../api/client.ts";
import { createSandbox, placeOf, readSandbox, type Sandbox } from "../api/sandboxes.ts";
import { readScenario, startLab } from "../api/scenarios.ts";
import { kubeOf, readSnapshot, type Snapshot } from "../api/snapshots.ts";
import { clusterOf } from "../api/tables.ts";
import { openDoor, tell } from "../embed/frame-port.ts";
import { parametersOf, type Parameters } from "../embed/parameters.ts";
import { methodsOf, setClock } from "../embed/steering.ts";
import { Pods } from "../panels/pods.tsx";
import { Problem } from "../ui/panel.tsx";
import { useLoaded, useWork } from "../ui/work.ts";

const LivingPicture = lazy(async () => (await import("../panels/lone-picture.tsx")).LivingPicture);
const StillPicture = lazy(async () => (await import("../panels/lone-picture.tsx")).StillPicture);
const TerminalPanel = lazy(async () => (await import("../panels/terminal.tsx")).TerminalPanel);
const Markdown = lazy(async () => (await import("../ui/markdown.tsx")).Markdown);

interface Props {
  kind: "s" | "x" | "l";
  id: string;
  secret?: string | undefined;
}

/** The same panels in a frame of another site: no cookie, no storage; what opens a cluster is in the fragment, and in memory. */
export function EmbedPage({ kind, id, secret }: Props) {
  const parameters = parametersOf(location.search);
  const sandbox = useSignal<Sandbox | undefined>(undefined);
  const started = useSignal(!parameters.clickToLoad);
  useEffect(() => {
    askWithoutCookies();
    if (parameters.theme !== "auto") document.documentElement.dataset["theme"] = parameters.theme;
    const close = openDoor(
      methodsOf(() => ({
        sandbox: sandbox.value,
        cluster: sandbox.value
          ? clusterOf(sandbox.value)
          : kind === "x"
            ? { base: kubeOf(id) }
            : undefined,
        readOnly: parameters.readOnly,
      })),
    );
    const stop = tellHeight();
    return () => {
      close();
      stop();
    };
  }, []);
  useSignalEffect(() => void (sandbox.value && begin(sandbox.value, parameters)));
  return (
    <main class="embedded">
      {started.value ? (
        <Content kind={kind} id={id} secret={secret} sandbox={sandbox} parameters={parameters} />
      ) : (
        <p class="centered">
          <button class="primary" type="button" onClick={() => (started.value = true)}>
            Show the cluster
          </button>
        </p>
      )}
    </main>
  );
}

/** Once, when there is a living cluster. */
function begin(sandbox: Sandbox, { paused, run, readOnly }: Parameters): void {
  tell("ready", { kind: "sandbox", id: sandbox.id });
  if (readOnly) return;
  const failed = (error: unknown): void => tell("problem", { message: String(error) });
  if (paused) void setClock(clusterOf(sandbox), { paused: true }).catch(failed);
  if (run === undefined) return;
  const method = methodsOf(() => ({ sandbox, cluster: clusterOf(sandbox), readOnly }))("run");
  void method(run).catch(failed);
}

function tellHeight(): () => void {
  const observer = new ResizeObserver(() =>
    tell("resize", { height: Math.ceil(document.getElementById("app")!.scrollHeight) }),
  );
  observer.observe(document.getElementById("app")!);
  return () => observer.disconnect();
}

interface ContentProps extends Props {
  sandbox: Signal<Sandbox | undefined>;
  parameters: Parameters;
}

function Content(props: ContentProps) {
  if (props.sandbox.value)
    return <Living sandbox={props.sandbox.value} view={props.parameters.view} />;
  if (props.kind === "s") return <Opening {...props} />;
  return props.kind === "x" ? <Moment {...props} /> : <Lab {...props} />;
}

function Living({ sandbox, view }: { sandbox: Sandbox; view: Parameters["view"] }) {
  // Whoever may only look has no shell.
  const shown = view === "terminal" && sandbox.role === "viewer" ? "split" : view;
  return (
    <>
      <h1 class="unseen">{sandbox.title || "A living cluster"}</h1>
      <Suspense fallback={<p class="quiet">Loading…</p>}>
        {(shown === "split" || shown === "picture") && <LivingPicture sandbox={sandbox} />}
        {shown === "terminal" && <TerminalPanel sandbox={sandbox} name="main" />}
      </Suspense>
      {(shown === "split" || shown === "objects") && (
        <Pods
          cluster={clusterOf(sandbox)}
          changed={({ rows }) => tell("changed", { pods: rows.length })}
        />
      )}
      <Elsewhere path={placeOf(sandbox)} />
    </>
  );
}

const Elsewhere = ({ path }: { path: string }) => (
  <p class="quiet foot">
    <a href={path} target="_blank" rel="noopener">
      Open in Podyard
    </a>
  </p>
);

function Opening({ id, secret, sandbox }: ContentProps) {
  const { problem } = useLoaded(async () => {
    if (secret === undefined)
      throw new Error("This frame's address lacks the sandbox's key (#k=).");
    sandbox.value = await readSandbox(id, secret);
  });
  return problem.value ? <Problem text={problem.value} /> : <p class="quiet">Opening…</p>;
}

function Moment({ id, sandbox, parameters }: ContentProps) {
  const { value: snapshot, problem: unread } = useLoaded(async () => {
    const found = await readSnapshot(id);
    tell("ready", { kind: "snapshot", id });
    return found;
  });
  const { busy, problem, run } = useWork();
  const fork = async (): Promise<void> => {
    sandbox.value = await createSandbox({ snapshot: id });
  };
  if (!snapshot.value) return <Problem text={unread.value} />;
  return (
    <>
      <div class="head">
        <h1>{snapshot.value.title || "A frozen cluster"}</h1>
        {!parameters.readOnly && (
          <button type="button" disabled={busy.value} onClick={() => run(fork)}>
            {busy.value ? "Making it…" : "Make it mine"}
          </button>
        )}
      </div>
      <Problem text={problem.value} />
      {problem.value && <Elsewhere path={`/x/${id}`} />}
      {parameters.view === "split" && <Thumbnail snapshot={snapshot.value} />}
      {parameters.view === "picture" ? (
        <Suspense fallback={<Thumbnail snapshot={snapshot.value} />}>
          <StillPicture base={kubeOf(id)} />
        </Suspense>
      ) : (
        <Pods cluster={{ base: kubeOf(id) }} still />
      )}
    </>
  );
}

const Thumbnail = ({ snapshot }: { snapshot: Snapshot }) => (
  <img
    class="thumbnail"
    src={new URL(snapshot.thumbnail).pathname}
    alt={`${snapshot.nodes} nodes and their ${snapshot.pods} Pods, by phase`}
  />
);

function Lab({ id, sandbox, parameters }: ContentProps) {
  const { value: scenario, problem: unread } = useLoaded(async () => {
    const found = await readScenario(id);
    tell("ready", { kind: "scenario", id });
    return found;
  });
  const { busy, problem, run } = useWork();
  const start = async (): Promise<void> => {
    sandbox.value = await startLab(id);
  };
  if (!scenario.value) return <Problem text={unread.value} />;
  return (
    <>
      <div class="head">
        <h1>{scenario.value.title}</h1>
        {!parameters.readOnly && (
          <button type="button" disabled={busy.value} onClick={() => run(start)}>
            {busy.value ? "Making your lab…" : "Start"}
          </button>
        )}
      </div>
      <Problem text={problem.value} />
      {problem.value && <Elsewhere path={`/l/${id}`} />}
      <Suspense fallback={<p class="quiet">Reading…</p>}>
        <Markdown text={scenario.value.readme} title={scenario.value.title} />
      </Suspense>
    </>
  );
}
