import { useEffect } from "preact/hooks";
import { Pods } from "./panels/pods.tsx";
import { Start } from "./panels/start.tsx";
import { busy, foreign, goBack, make, problem, remove, restore, sandbox } from "./state.ts";

export function App() {
  useEffect(() => void restore(), []);
  return (
    <>
      <header class="bar">
        <span class="brand">
          <img src="/icon.svg" alt="" width="28" height="28" /> Podyard
        </span>
        {sandbox.value && <Owned />}
      </header>
      <main>
        {problem.value && (
          <p class="problem" role="alert">
            {problem.value}
          </p>
        )}
        {sandbox.value ? <Yard /> : <Welcome />}
      </main>
      <footer>
        <p>
          A simulation: no container runs, no image is pulled, nothing leaves this server. What the
          API, the controllers, the scheduler and the kubelets say and do follows Kubernetes 1.36.
        </p>
      </footer>
    </>
  );
}

function Welcome() {
  return (
    <section class="welcome">
      <h1>A Kubernetes cluster to play with</h1>
      <p class="lead">
        A simulated cluster of your own, ready in a moment, for the kubectl you already have. Deploy
        something, break it, and watch the cluster heal.
      </p>
      <button
        class="primary"
        type="button"
        disabled={busy.value !== undefined}
        onClick={() => void make()}
      >
        {busy.value === "making"
          ? "Making it…"
          : busy.value === "opening"
            ? "Opening…"
            : "Make a sandbox"}
      </button>
      <p class="quiet">
        No account. It sleeps when nobody looks, and is deleted when its time is up.
      </p>
    </section>
  );
}

function Yard() {
  return (
    <div class="yard">
      {foreign.value !== "none" && <Foreign />}
      <Start />
      <Pods />
    </div>
  );
}

function Foreign() {
  return (
    <p class="problem" role="status">
      You opened this sandbox by a link. Whoever else has the link sees and changes the same.{" "}
      {foreign.value === "beside own" && (
        <button type="button" disabled={busy.value !== undefined} onClick={() => void goBack()}>
          Back to my own
        </button>
      )}
    </p>
  );
}

function Owned() {
  const { id, expiresAt } = sandbox.value!;
  const until = new Date(expiresAt).toLocaleString(undefined, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  return (
    <div class="owned">
      <span>
        <code>podyard-{id.slice(0, 8)}</code> <span class="quiet">until {until}</span>
      </span>
      <button
        type="button"
        disabled={busy.value !== undefined}
        onClick={() => confirm("Delete this sandbox and everything in it?") && void remove()}
      >
        Delete
      </button>
    </div>
  );
}
