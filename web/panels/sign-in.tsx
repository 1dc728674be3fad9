import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import {
  goToProvider,
  listWays,
  registerPasskey,
  signInByName,
  signInByPasskey,
  type Way,
} from "../api/sign-in.ts";
import { Problem } from "../ui/panel.tsx";
import { useLoaded, useWork, type Work } from "../ui/work.ts";

/** A button, and the dialog of all ways in behind it. What one made before stays one's own. */
export function SignIn() {
  const open = useSignal(false);
  return (
    <>
      <button type="button" onClick={() => (open.value = true)}>
        Sign in
      </button>
      {open.value && <Ways close={() => (open.value = false)} />}
    </>
  );
}

function Ways({ close }: { close: () => void }) {
  const title = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const { value: ways, problem: unread } = useLoaded(listWays);
  const work = useWork();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={close}>
      <h2 id={title}>Sign in</h2>
      <p class="quiet">What you made in this browser stays yours.</p>
      <Problem text={work.problem.value ?? unread.value} />
      {ways.value?.length === 0 && <p>This deployment has no way to sign in.</p>}
      <div class="ways">
        {ways.value?.map((way) => (
          <WayIn key={way.id} way={way} work={work} />
        ))}
      </div>
      <p>
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
      </p>
    </dialog>
  );
}

/** Everything on the page is another person's now. */
const arrive = (): void => location.reload();

function WayIn({ way, work }: { way: Way; work: Work }) {
  const { busy, run } = work;
  if (way.start !== undefined) {
    const start = way.start;
    return (
      <button type="button" onClick={() => goToProvider(start, location.pathname)}>
        Continue with {way.name}
      </button>
    );
  }
  if (way.kind === "passkey") return <Passkeys work={work} />;
  if (way.kind !== "development") return null;
  return (
    <Named
      label="Name, for development"
      button="Sign in by name"
      disabled={busy.value}
      done={(name) => run(() => signInByName(name).then(arrive))}
    />
  );
}

function Passkeys({ work: { busy, run } }: { work: Work }) {
  return (
    <>
      <button
        type="button"
        disabled={busy.value}
        onClick={() => run(() => signInByPasskey().then(arrive))}
      >
        Use a passkey
      </button>
      <Named
        label="Your name"
        button="Make a passkey"
        disabled={busy.value}
        done={(name) => run(() => registerPasskey(name).then(arrive))}
      />
    </>
  );
}

interface NamedProps {
  label: string;
  button: string;
  disabled: boolean;
  done: (name: string) => void;
}

function Named({ label, button, disabled, done }: NamedProps) {
  const id = useId();
  const name = useSignal("");
  return (
    <form
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        done(name.value.trim());
      }}
    >
      <label for={id}>{label}</label>
      <input
        id={id}
        required
        maxLength={60}
        autocomplete="nickname"
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
      />
      <button type="submit" disabled={disabled}>
        {button}
      </button>
    </form>
  );
}
