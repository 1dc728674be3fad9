import { listPasskeys, removePasskey } from "../api/me.ts";
import { listWays, registerPasskey } from "../api/sign-in.ts";
import { browserOf } from "../ui/browser-name.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { useLoaded, useWork, when } from "../ui/work.ts";

export function Passkeys() {
  const { value: passkeys, problem: unread, again } = useLoaded(listPasskeys);
  const { value: ways } = useLoaded(listWays);
  const { busy, problem, run } = useWork();
  // Where the service is known by an address alone, no browser makes any.
  if (!ways.value?.some(({ kind }) => kind === "passkey")) return null;
  const add = (): Promise<unknown> =>
    registerPasskey("", browserOf(navigator.userAgent)).then(again);
  return (
    <Panel title="Passkeys">
      <Problem text={problem.value ?? unread.value} />
      <ul class="rows">
        {passkeys.value?.map((one) => (
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
      <button type="button" disabled={busy.value} onClick={() => run(add)}>
        Add a passkey
      </button>
    </Panel>
  );
}
