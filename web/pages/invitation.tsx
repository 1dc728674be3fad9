import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { acceptInvitation, readInvitation } from "../api/sandboxes.ts";
import { Problem } from "../ui/panel.tsx";
import { useTitle } from "../ui/title.ts";
import { useLoaded, useWork, when } from "../ui/work.ts";

const allows: Record<string, string> = {
  viewer: "You may look at everything but Secrets, and fork it.",
  editor: "You may change everything in the cluster.",
  owner: "You may change everything, invite others and delete it.",
};

/** What one is invited to, as what; one's name, and yes. */
export function InvitationPage({ secret }: { secret: string }) {
  const id = useId();
  const name = useSignal("");
  const { value: invitation, problem: unread } = useLoaded(() => readInvitation(secret));
  const { busy, problem, run } = useWork();
  const accept = async (): Promise<void> => {
    const joined = await acceptInvitation(secret, name.value.trim());
    location.assign(`/s/${joined.id}`);
  };
  const to = invitation.value;
  const title = to ? `Join ${to.sandbox.title || "a sandbox"}` : "Invitation";
  useTitle(title);
  return (
    <section class="welcome">
      <h1>{title}</h1>
      <Problem text={problem.value ?? unread.value} />
      {unread.value && <a href="/">Make a sandbox of your own</a>}
      {to && (
        <>
          <p class="lead">
            You are invited to a sandbox as <strong>{to.role}</strong>. {allows[to.role]}
          </p>
          <form
            class="stack"
            onSubmit={(event) => {
              event.preventDefault();
              run(accept);
            }}
          >
            <label for={id}>How others see you</label>
            <input
              id={id}
              maxLength={60}
              autocomplete="nickname"
              value={name.value}
              onInput={(event) => (name.value = event.currentTarget.value)}
            />
            <button class="primary" type="submit" disabled={busy.value}>
              Accept
            </button>
          </form>
          <p class="quiet">The invitation is good until {when(to.expiresAt)}.</p>
        </>
      )}
    </section>
  );
}
