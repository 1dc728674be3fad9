import { listPasskeys, removePasskey } from "../api/me.ts";
import { registerPasskey } from "../api/sign-in.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { useLoaded, useWork, when } from "../ui/work.ts";

export function Passkeys() {
  const { value: passkeys, again } = useLoaded(() => listPasskeys());
  const { busy, problem, run } = useWork();
  if (!passkeys.value) return null;
  return (
    <Panel title="Passkeys">
      <ul class="rows">
        {passkeys.value.map((one) => (
          <li key={one.id}>
            <span>
              {one.name} <span class="quiet">since {when(one.createdAt)}</span>
            </span>
            <button
              type="button"
              aria-label={`Remove the passkey ${one.name}`}
              disabled={busy.value}
              onClick={() => run(() => removePasskey(one.id).then(again))}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      <Problem text={problem.value} />
      <button
        type="button"
        disabled={busy.value}
        onClick={() => run(() => registerPasskey("").then(again))}
      >
        Add a passkey
      </button>
    </Panel>
  );
}
