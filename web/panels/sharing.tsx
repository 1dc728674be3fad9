import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { sharingOf, type Role, type Sandbox } from "../api/sandboxes.ts";
import { takeSnapshot, type Snapshot } from "../api/snapshots.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { Snippet } from "../ui/snippet.tsx";
import { useLoaded, useWork, when } from "../ui/work.ts";

/** Whom a sandbox is shared with, and how to share it. */
export function Sharing({ sandbox }: { sandbox: Sandbox }) {
  const manages = sandbox.role === "owner";
  return (
    <>
      <Panel title="Share">
        {sandbox.role === "viewer" ? (
          <p>You look at this sandbox as a viewer.</p>
        ) : (
          <>
            <Invite sandbox={sandbox} manages={manages} />
            <TakeSnapshot sandbox={sandbox} />
          </>
        )}
      </Panel>
      <People sandbox={sandbox} manages={manages} />
      <Keys sandbox={sandbox} />
    </>
  );
}

interface Props {
  sandbox: Sandbox;
  manages: boolean;
}

function RoleChoice(props: {
  label: string;
  value: Role;
  onChange: (role: Role) => void;
  owner?: boolean;
}) {
  const id = useId();
  const offered: Role[] = props.owner ? ["owner", "editor", "viewer"] : ["editor", "viewer"];
  return (
    <span class="field">
      <label for={id}>{props.label}</label>
      <select id={id} onChange={(event) => props.onChange(event.currentTarget.value as Role)}>
        {offered.map((role) => (
          <option key={role} value={role} selected={role === props.value}>
            {role}
          </option>
        ))}
      </select>
    </span>
  );
}

function Invite({ sandbox }: Props) {
  const sharing = sharingOf(sandbox);
  const role = useSignal<Role>("viewer");
  const link = useSignal<string | undefined>(undefined);
  const { value: invitations, again } = useLoaded(sharing.invitations);
  const { busy, problem, run } = useWork();
  const invite = async (): Promise<void> => {
    link.value = (await sharing.invite(role.value)).url;
    await again();
  };
  return (
    <>
      <h3>Invite by a link</h3>
      <p class="actions">
        <RoleChoice label="As" value={role.value} onChange={(next) => (role.value = next)} />
        <button type="button" disabled={busy.value} onClick={() => run(invite)}>
          Make an invitation
        </button>
      </p>
      <Problem text={problem.value} />
      {link.value && (
        <>
          <p role="status">Send this link. It is shown this once.</p>
          <Snippet text={link.value} what="the invitation link" />
        </>
      )}
      <ul class="rows">
        {invitations.value?.map((one) => (
          <li key={one.id}>
            <span>
              {one.role}{" "}
              <span class="quiet">
                accepted {one.uses} of {one.usesMax} times, until {when(one.expiresAt)}
              </span>
            </span>
            <button
              type="button"
              aria-label={`Withdraw the invitation as ${one.role}`}
              disabled={busy.value}
              onClick={() => run(() => sharing.withdrawInvitation(one.id).then(again))}
            >
              Withdraw
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function TakeSnapshot({ sandbox }: { sandbox: Sandbox }) {
  const id = useId();
  const secrets = useSignal(false);
  const taken = useSignal<Snapshot | undefined>(undefined);
  const { busy, problem, run } = useWork();
  const take = async (): Promise<void> => {
    taken.value = await takeSnapshot(sandbox, { secrets: secrets.value });
  };
  return (
    <>
      <h3>Share this moment</h3>
      <p class="quiet">
        A snapshot shows the cluster as it is now. Whoever opens its link can go on from there in a
        cluster of their own.
      </p>
      <p class="actions">
        <button type="button" disabled={busy.value} onClick={() => run(take)}>
          {busy.value ? "Taking it…" : "Take a snapshot"}
        </button>
        <label for={id}>
          <input
            id={id}
            type="checkbox"
            checked={secrets.value}
            onChange={(event) => (secrets.value = event.currentTarget.checked)}
          />{" "}
          with its Secrets
        </label>
      </p>
      <Problem text={problem.value} />
      {taken.value && (
        <>
          <p role="status">
            <a href={`/x/${taken.value.id}`}>Open the snapshot</a>, or send its link:
          </p>
          <Snippet text={taken.value.url} what="the snapshot's link" />
        </>
      )}
    </>
  );
}

function People({ sandbox, manages }: Props) {
  const sharing = sharingOf(sandbox);
  const { value: members, problem: unread, again } = useLoaded(sharing.members);
  const { busy, problem, run } = useWork();
  return (
    <Panel title="Members">
      <Problem text={problem.value ?? unread.value} />
      {members.value?.length === 0 && <p class="quiet">Nobody but the owner, so far.</p>}
      <ul class="rows">
        {members.value?.map((one) => (
          <li key={one.id}>
            <span>{one.name}</span>
            {manages ? (
              <span class="actions">
                <RoleChoice
                  label={`Role of ${one.name}`}
                  value={one.role}
                  owner={one.role === "owner"}
                  onChange={(role) => run(() => sharing.changeMember(one.id, role).then(again))}
                />
                <button
                  type="button"
                  aria-label={`Remove ${one.name}`}
                  disabled={busy.value}
                  onClick={() => run(() => sharing.removeMember(one.id).then(again))}
                >
                  Remove
                </button>
              </span>
            ) : (
              <span class="quiet">{one.role}</span>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Keys({ sandbox }: { sandbox: Sandbox }) {
  const sharing = sharingOf(sandbox);
  const { value: keys, problem: unread, again } = useLoaded(sharing.keys);
  const { busy, problem, run } = useWork();
  return (
    <Panel title="Keys">
      <p class="quiet">Each kubeconfig holds one. A revoked key opens nothing any more.</p>
      <Problem text={problem.value ?? unread.value} />
      <ul class="rows">
        {keys.value?.map((one) => (
          <li key={one.id}>
            <span>
              {one.name || "unnamed"}{" "}
              <span class="quiet">
                {one.role}, until {when(one.expiresAt)}
              </span>
            </span>
            <button
              type="button"
              aria-label={`Revoke the key ${one.name || one.id}`}
              disabled={busy.value}
              onClick={() =>
                confirm("Revoke this key? Whoever uses it is cut off at once.") &&
                run(() => sharing.revokeKey(one.id).then(again))
              }
            >
              Revoke
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
