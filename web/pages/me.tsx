import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { deleteMe, readMe, renameMe, type Me } from "../api/me.ts";
import { ApiTokens } from "../panels/api-tokens.tsx";
import { EmbedOrigins } from "../panels/embed-origins.tsx";
import { Identities } from "../panels/identities.tsx";
import { Passkeys } from "../panels/passkeys.tsx";
import { MySandboxes, MyScenarios, MySnapshots } from "../panels/mine.tsx";
import { Sessions } from "../panels/sessions.tsx";
import { SignIn } from "../panels/sign-in.tsx";
import { Panel, Problem } from "../ui/panel.tsx";
import { useTitle } from "../ui/title.ts";
import { Together } from "../ui/together.tsx";
import { useLoaded, useWork } from "../ui/work.ts";

/** Everything that is somebody's own. */
export function MePage() {
  const loaded = useSignal(false);
  const {
    value: me,
    problem,
    again,
  } = useLoaded(() => readMe().finally(() => (loaded.value = true)));
  if (me.value) return <Account me={me.value} again={again} />;
  return (
    <section class="welcome">
      <h1>Yours</h1>
      <Problem text={problem.value} />
      {loaded.value && (
        <>
          <p class="lead">Nobody is known here yet. Make a sandbox, or sign in.</p>
          <p class="actions centered">
            <a class="button" href="/">
              Make a sandbox
            </a>
            <SignIn />
          </p>
        </>
      )}
    </section>
  );
}

function Account({ me, again }: { me: Me; again: () => Promise<void> }) {
  useTitle(me.name ?? "Yours");
  return (
    <>
      <h1>{me.name ?? "Yours"}</h1>
      {me.name === null && (
        <p class="notice">
          Only this browser's cookie knows you. Sign in, and what is here is kept. <SignIn />
        </p>
      )}
      <Together>
        <div class="yard even">
          <div class="column">
            <MySandboxes />
            <MySnapshots />
            <MyScenarios />
          </div>
          <div class="column">
            {me.name !== null && (
              <>
                <Name me={me} again={again} />
                <Identities />
                <Passkeys />
              </>
            )}
            <Sessions />
            <ApiTokens />
            <EmbedOrigins me={me} />
            <End me={me} />
          </div>
        </div>
      </Together>
    </>
  );
}

function Name({ me, again }: { me: Me; again: () => Promise<void> }) {
  const id = useId();
  const name = useSignal(me.name ?? "");
  const { busy, problem, run } = useWork();
  return (
    <Panel title="Name">
      <form
        class="field"
        onSubmit={(event) => {
          event.preventDefault();
          run(() => renameMe(name.value.trim()).then(again));
        }}
      >
        <label for={id}>How others see you</label>
        <input
          id={id}
          required
          maxLength={60}
          value={name.value}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
        <button type="submit" disabled={busy.value}>
          Save
        </button>
      </form>
      <Problem text={problem.value} />
    </Panel>
  );
}

function End({ me }: { me: Me }) {
  const id = useId();
  const confirmed = useSignal("");
  const { busy, problem, run } = useWork();
  const expected = me.name ?? me.id;
  const remove = async (): Promise<void> => {
    await deleteMe(confirmed.value.trim());
    location.assign("/");
  };
  return (
    <Panel title="Account">
      <p>
        <a class="button" href="/api/me/export" download="podyard-export.json">
          Export my data
        </a>
      </p>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run(remove);
        }}
      >
        <label for={id}>
          To delete your account with all your sandboxes, snapshots and scenarios, type{" "}
          <code>{expected}</code>
        </label>
        <input
          id={id}
          required
          autocomplete="off"
          value={confirmed.value}
          onInput={(event) => (confirmed.value = event.currentTarget.value)}
        />
        <button type="submit" class="danger" disabled={busy.value || confirmed.value !== expected}>
          Delete my account
        </button>
      </form>
      <Problem text={problem.value} />
    </Panel>
  );
}
