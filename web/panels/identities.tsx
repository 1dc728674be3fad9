import { listIdentities, removeIdentity } from "../api/me.ts";
import { goToProvider, listWays } from "../api/sign-in.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { useLoaded, useWork, when } from "../ui/work.ts";

/** Accounts elsewhere by which one signs in here, and those that could be added. */
export function Identities() {
  const { value: identities, problem: unread, again } = useLoaded(listIdentities);
  const { value: ways } = useLoaded(listWays);
  const { busy, problem, run } = useWork();
  const providers = (ways.value ?? []).filter(({ start }) => start !== undefined);
  if (identities.value?.length === 0 && providers.length === 0) return null;
  return (
    <Panel title="Linked accounts">
      <Problem text={problem.value ?? unread.value} />
      <ul class="rows">
        {identities.value?.map((one) => (
          <li key={one.id}>
            <span>
              {siteOf(one.provider)}{" "}
              <span class="quiet">
                as {one.name}, since {when(one.createdAt)}
              </span>
            </span>
            <button
              type="button"
              aria-label={`Unlink ${one.name} at ${siteOf(one.provider)}`}
              disabled={busy.value}
              onClick={() => run(() => removeIdentity(one.id).then(again))}
            >
              Unlink
            </button>
          </li>
        ))}
      </ul>
      <p class="actions">
        {providers.map(({ id, name, start }) => (
          <button key={id} type="button" onClick={() => goToProvider(start!, "/me")}>
            Link {name}
          </button>
        ))}
      </p>
    </Panel>
  );
}

/** An issuer is known by its address. */
const siteOf = (provider: string): string => URL.parse(provider)?.host ?? provider;
