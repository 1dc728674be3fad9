import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { listApiTokens, makeApiToken, revokeApiToken, scopes } from "../api/me.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { Snippet } from "../ui/snippet.tsx";
import { useLoaded, useWork, when } from "../ui/work.ts";

export function ApiTokens() {
  const { value: tokens, problem: unread, again } = useLoaded(listApiTokens);
  const { busy, problem, run } = useWork();
  const made = useSignal<string | undefined>(undefined);
  const make = async (name: string, of: string[]): Promise<void> => {
    made.value = (await makeApiToken(name, of)).token;
    await again();
  };
  return (
    <Panel title="API tokens">
      <Problem text={unread.value} />
      <ul class="rows">
        {tokens.value?.map((one) => (
          <li key={one.id}>
            <span>
              {one.name}{" "}
              <span class="quiet">
                {one.scopes.join(", ")}; until {when(one.expiresAt)}
              </span>
            </span>
            <button
              type="button"
              aria-label={`Revoke ${one.name}`}
              disabled={busy.value}
              onClick={() => run(() => revokeApiToken(one.id).then(again))}
            >
              Revoke
            </button>
          </li>
        ))}
      </ul>
      {made.value && (
        <>
          <p role="status">The token, shown this once:</p>
          <Snippet text={made.value} what="the API token" />
        </>
      )}
      <Problem text={problem.value} />
      <details>
        <summary>Make a token</summary>
        <TokenForm disabled={busy.value} done={(name, of) => run(() => make(name, of))} />
      </details>
    </Panel>
  );
}

interface FormProps {
  disabled: boolean;
  done: (name: string, scopes: string[]) => void;
}

function TokenForm({ disabled, done }: FormProps) {
  const id = useId();
  const name = useSignal("");
  const chosen = useSignal<string[]>(["sandboxes:read"]);
  const toggle = (scope: string): void => {
    const without = chosen.value.filter((one) => one !== scope);
    chosen.value = without.length < chosen.value.length ? without : [...without, scope];
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        done(name.value.trim(), chosen.value);
      }}
    >
      <label for={id}>What it is for</label>
      <input
        id={id}
        required
        maxLength={60}
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
      />
      <fieldset>
        <legend>It may</legend>
        {scopes.map((scope) => (
          <label key={scope}>
            <input
              type="checkbox"
              checked={chosen.value.includes(scope)}
              onChange={() => toggle(scope)}
            />{" "}
            {scope}
          </label>
        ))}
      </fieldset>
      <button type="submit" disabled={disabled || chosen.value.length === 0}>
        Make it
      </button>
    </form>
  );
}
