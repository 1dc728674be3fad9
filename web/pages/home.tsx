import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { mayBeKnown } from "../api/me.ts";
import { createSandbox, listSandboxes } from "../api/sandboxes.ts";
import { listGallery } from "../api/scenarios.ts";
import { enter } from "../desk/entering.ts";
import { Problem } from "../ui/panel.tsx";
import { warm } from "../ui/warm.ts";
import { useLoaded, useWork } from "../ui/work.ts";
import { HomePicture } from "./home-picture.tsx";
import "./home.css";

/** What this is, and one button that starts a cluster. */
export function Home() {
  const { busy, problem, run } = useWork();
  return (
    <>
      <section class="hero">
        <div>
          <h1>A Kubernetes cluster to play with</h1>
          <p class="lead">
            One of your own, in a second: a terminal with <code>kubectl</code>, a picture of what
            happens, and time that you steer. Deploy something, break it, and watch the cluster
            heal.
          </p>
          <Problem text={problem.value} />
          <button
            class="primary"
            type="button"
            disabled={busy.value}
            onPointerEnter={warm}
            onFocus={warm}
            onClick={() => run(() => enter(createSandbox()))}
          >
            {busy.value ? "Making it…" : "Make a sandbox"}
          </button>
          <p class="quiet">
            No account. It sleeps when nobody looks, and is deleted when its time is up.
          </p>
        </div>
        <HomePicture />
      </section>
      {mayBeKnown() && <Mine />}
      <Gallery />
    </>
  );
}

function Shelf({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="shelf" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

function Mine() {
  const { value: sandboxes } = useLoaded(() => listSandboxes().catch(() => []));
  if (!sandboxes.value?.length) return null;
  return (
    <Shelf title="Go on">
      <ul>
        {sandboxes.value.slice(0, 4).map((one) => (
          <li key={one.id}>
            <a href={`/s/${one.id}`}>{one.title || `podyard-${one.id.slice(0, 8)}`}</a>
            <span class="level">
              {one.role}, {one.nodes} nodes
            </span>
          </li>
        ))}
      </ul>
      <p class="quiet">
        <a href="/me">All that is yours</a>
      </p>
    </Shelf>
  );
}

function Gallery() {
  const { value: scenarios, problem: unread } = useLoaded(listGallery);
  return (
    <Shelf title="Start from a scenario">
      <Problem text={unread.value} />
      {!scenarios.value && !unread.value && <p class="quiet">Asking for the gallery…</p>}
      <ul>
        {scenarios.value?.map(({ id, title, description, level, minutes }) => (
          <li key={id}>
            <a href={`/l/${id}`}>{title}</a>
            {description && <span class="quiet">{description}</span>}
            <span class="level">
              {[level, minutes !== undefined && `${minutes} min`].filter(Boolean).join(" · ")}
            </span>
          </li>
        ))}
      </ul>
    </Shelf>
  );
}
