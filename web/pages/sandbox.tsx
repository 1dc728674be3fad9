import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { messageOf } from "../api/client.ts";
import { readSandbox, type Sandbox } from "../api/sandboxes.ts";
import { whyClosed } from "../desk/connection.ts";
import { DeskLayout } from "../desk/layout.tsx";
import { SiteBar, SiteFoot } from "../panels/site-bar.tsx";
import { Problem } from "../ui/panel.tsx";
import { painted } from "../ui/painted.ts";
import { warm } from "../ui/warm.ts";

interface Props {
  id: string;
  /** Of the fragment; without it the cookie opens the sandbox. */
  secret?: string | undefined;
  /** Of a sandbox that was just made all is known. */
  made?: Sandbox | undefined;
}

export function SandboxPage({ id, secret, made }: Props) {
  const sandbox = useSignal(made);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    if (made) return;
    const isPainted = painted();
    void isPainted.then(warm);
    Promise.all([readSandbox(id, secret), isPainted]).then(
      ([found]) => (sandbox.value = found),
      (error: unknown) =>
        (problem.value = whyClosed(error, secret !== undefined) ?? messageOf(error)),
    );
  }, []);
  if (sandbox.value) return <DeskLayout sandbox={sandbox.value} />;
  return (
    <>
      <SiteBar />
      <main>
        <section class="welcome">
          <h1>{problem.value ? "It does not open" : "Opening the sandbox…"}</h1>
          <Problem text={problem.value} />
          {problem.value && <a href="/">Make a sandbox of your own</a>}
        </section>
      </main>
      <SiteFoot />
    </>
  );
}
