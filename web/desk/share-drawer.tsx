import { useEffect, useRef } from "preact/hooks";
import type { Sandbox } from "../api/sandboxes.ts";
import { Presence, type Here } from "../panels/presence.tsx";
import { SandboxEmbedding } from "../panels/sandbox-embedding.tsx";
import { Sharing } from "../panels/sharing.tsx";
import { Start } from "../panels/connect-kubectl.tsx";
import { Icon } from "../ui/icon.tsx";

interface Props {
  sandbox: Sandbox;
  title: string;
  here: Here | undefined;
  close: () => void;
}

/** Who is here, how others come in, and how kubectl does. */
export function ShareDrawer({ sandbox, title, here, close }: Props) {
  const drawer = useRef<HTMLElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    drawer.current?.focus();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <aside class="drawer" aria-label="Share" ref={drawer} tabIndex={-1}>
      <p class="drawer-head">
        <button type="button" aria-label="Close" title="Close (Esc)" onClick={close}>
          <Icon name="close" />
        </button>
      </p>
      <Sharing sandbox={sandbox} />
      <Presence here={here} />
      {sandbox.role !== "viewer" && <SandboxEmbedding sandbox={sandbox} title={title} />}
      <Start sandbox={sandbox} />
    </aside>
  );
}
