import { lazy, Suspense } from "preact/compat";
import type { VNode } from "preact";
import { readMe } from "./api/me.ts";
import { Home } from "./pages/home.tsx";
import { InvitationPage } from "./pages/invitation.tsx";
import { SandboxPage } from "./pages/sandbox.tsx";
import { ScenarioPage } from "./pages/scenario.tsx";
import { SnapshotPage } from "./pages/snapshot.tsx";
import { NewPage } from "./pages/new.tsx";
import { HumanCheck } from "./panels/human-check.tsx";
import { SignIn } from "./panels/sign-in.tsx";
import { useLoaded } from "./ui/work.ts";

const EmbedPage = lazy(async () => (await import("./pages/embed.tsx")).EmbedPage);
const MePage = lazy(async () => (await import("./pages/me.tsx")).MePage);

/** The page of an address. Between them one goes by plain links. */
function pageAt({ pathname, hash }: Location): VNode {
  const [, kind, id] = /^\/(s|x|l|i)\/([\w-]+)$/.exec(pathname) ?? [];
  const secret = /^#k=([\w-]+)$/.exec(hash)?.[1];
  if (kind === "s") return <SandboxPage id={id!} secret={secret} />;
  if (kind === "x") return <SnapshotPage id={id!} />;
  if (kind === "l") return <ScenarioPage id={id!} />;
  if (kind === "i") return <InvitationPage secret={id!} />;
  if (pathname === "/me") return <MePage />;
  if (pathname === "/new") return <NewPage packed={/^#m=([\w-]+)$/.exec(hash)?.[1]} />;
  return <Home />;
}

export function App() {
  const [, kind, id] = /^\/embed\/(s|x|l)\/([\w-]+)$/.exec(location.pathname) ?? [];
  const secret = /^#k=([\w-]+)$/.exec(location.hash)?.[1];
  return (
    <Suspense fallback={<p class="quiet centered">Loading…</p>}>
      {kind === undefined ? (
        <Site />
      ) : (
        <EmbedPage kind={kind as "s" | "x" | "l"} id={id!} secret={secret} />
      )}
    </Suspense>
  );
}

function Site() {
  return (
    <>
      <header class="bar">
        <a class="brand" href="/">
          <img src="/icon.svg" alt="" width="28" height="28" /> Podyard
        </a>
        <Who />
      </header>
      <main>{pageAt(location)}</main>
      <HumanCheck />
      <footer>
        <p>
          A simulation: no container runs, no image is pulled, nothing leaves this server. What the
          API, the controllers, the scheduler and the kubelets say and do follows Kubernetes 1.36.
          What this page does, programs do by the <a href="/api">service's API</a>.
        </p>
      </footer>
    </>
  );
}

function Who() {
  const { value: me } = useLoaded(() => readMe().catch(() => undefined));
  return (
    <nav class="owned" aria-label="You">
      {me.value && <a href="/me">{me.value.name ?? "Yours"}</a>}
      {!me.value?.name && <SignIn />}
    </nav>
  );
}
