import { lazy, Suspense } from "preact/compat";
import type { VNode } from "preact";
import { Home } from "./pages/home.tsx";
import { InvitationPage } from "./pages/invitation.tsx";
import { entered } from "./desk/entering.ts";
import { SandboxPage } from "./pages/sandbox.tsx";
import { ScenarioPage } from "./pages/scenario.tsx";
import { SnapshotPage } from "./pages/snapshot.tsx";
import { NewPage } from "./pages/new.tsx";
import { HumanCheck } from "./panels/human-check.tsx";
import { SiteBar, SiteFoot } from "./panels/site-bar.tsx";

const EmbedPage = lazy(async () => (await import("./pages/embed.tsx")).EmbedPage);
const MePage = lazy(async () => (await import("./pages/me.tsx")).MePage);

/** The page of an address. Between them one goes by plain links. */
function pageAt({ pathname, hash }: Location): VNode {
  const [, kind, id] = /^\/(x|l|i)\/([\w-]+)$/.exec(pathname) ?? [];
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
        <Site secret={secret} />
      ) : (
        <EmbedPage kind={kind as "s" | "x" | "l"} id={id!} secret={secret} />
      )}
    </Suspense>
  );
}

function Site({ secret }: { secret: string | undefined }) {
  const made = entered.value;
  const sandbox = made?.id ?? /^\/s\/([\w-]+)$/.exec(location.pathname)?.[1];
  if (sandbox !== undefined) {
    return (
      <>
        <SandboxPage key={sandbox} id={sandbox} secret={secret} made={made} />
        <HumanCheck />
      </>
    );
  }
  return (
    <>
      <SiteBar />
      <main>{pageAt(location)}</main>
      <HumanCheck />
      <SiteFoot />
    </>
  );
}
