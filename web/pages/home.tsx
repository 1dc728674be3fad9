import { createSandbox, listSandboxes, placeOf } from "../api/sandboxes.ts";
import { mayBeKnown } from "../api/me.ts";
import { listGallery } from "../api/scenarios.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { useLoaded, useWork } from "../ui/work.ts";

/** What this is, and one button that starts a cluster. */
export function Home() {
  const { busy, problem, run } = useWork();
  const start = async (): Promise<void> => {
    const made = await createSandbox();
    location.assign(placeOf(made));
  };
  return (
    <>
      <section class="welcome">
        <h1>A Kubernetes cluster to play with</h1>
        <p class="lead">
          A simulated cluster of your own, ready in a moment, for the kubectl you already have.
          Deploy something, break it, and watch the cluster heal.
        </p>
        <Problem text={problem.value} />
        <button class="primary" type="button" disabled={busy.value} onClick={() => run(start)}>
          {busy.value ? "Making it…" : "Make a sandbox"}
        </button>
        <p class="quiet">
          No account. It sleeps when nobody looks, and is deleted when its time is up.
        </p>
      </section>
      {mayBeKnown() && <Mine />}
      <Gallery />
    </>
  );
}

function Mine() {
  const { value: sandboxes } = useLoaded(() => listSandboxes().catch(() => []));
  if (!sandboxes.value?.length) return null;
  return (
    <div class="cards">
      <Panel title="Go on">
        <ul class="rows">
          {sandboxes.value.slice(0, 5).map((one) => (
            <li key={one.id}>
              <a href={`/s/${one.id}`}>{one.title || `podyard-${one.id.slice(0, 8)}`}</a>
              <span class="quiet">{one.role}</span>
            </li>
          ))}
        </ul>
        <p class="quiet">
          <a href="/me">All that is yours</a>
        </p>
      </Panel>
    </div>
  );
}

function Gallery() {
  const { value: scenarios, problem: unread } = useLoaded(listGallery);
  return (
    <div class="cards">
      <Panel title="Start from a scenario">
        <Problem text={unread.value} />
        <ul class="rows">
          {scenarios.value?.map((one) => (
            <li key={one.id}>
              <span>
                <a href={`/l/${one.id}`}>{one.title}</a>
                <br />
                <span class="quiet">{one.description}</span>
              </span>
            </li>
          ))}
        </ul>
      </Panel>
    </div>
  );
}
