import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { messageOf } from "../api/client.ts";
import { readSandbox, type Sandbox } from "../api/sandboxes.ts";
import { whyClosed } from "../desk/connection.ts";
import { DeskLayout } from "../desk/layout.tsx";
import { Problem } from "../ui/panel.tsx";

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
      (error: unknown) =>
        (problem.value = whyClosed(error, secret !== undefined) ?? messageOf(error)),
    );
  }, []);
  if (sandbox.value) return <DeskLayout sandbox={sandbox.value} />;
  return (
    <section class="welcome">
      <h1>{problem.value ? "It does not open" : "Opening the sandbox…"}</h1>
      <Problem text={problem.value} />
      {problem.value && <a href="/">Make a sandbox of your own</a>}
    </section>
  );
}
