import type { Sandbox } from "../api/sandboxes.ts";
import { Presence, type Here } from "../panels/presence.tsx";
import { SandboxEmbedding } from "../panels/sandbox-embedding.tsx";
import { Sharing } from "../panels/sharing.tsx";
import { Start } from "../panels/start.tsx";

interface Props {
  sandbox: Sandbox;
  title: string;
  here: Here | undefined;
  close: () => void;
}

/** Who is here, how others come in, and how kubectl does. */
export function ShareDrawer({ sandbox, title, here, close }: Props) {
  return (
    <aside class="drawer" aria-label="Share">
      <p class="drawer-head">
        <button type="button" onClick={close}>
          Close
        </button>
      </p>
      <Start sandbox={sandbox} />
      <Presence here={here} />
      <Sharing sandbox={sandbox} />
      {sandbox.role !== "viewer" && <SandboxEmbedding sandbox={sandbox} title={title} />}
    </aside>
  );
}
