import { listSessions, signOut } from "../api/me.ts";
import { browserOf } from "../ui/browser-name.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { useLoaded, useWork, when } from "../ui/work.ts";

export function Sessions() {
  const { value: sessions, problem: unread, again } = useLoaded(listSessions);
  const { busy, problem, run } = useWork();
  const leave = async (which: string): Promise<void> => {
    await signOut(which);
    location.assign("/");
  };
  return (
    <Panel title="Sessions">
      <Problem text={problem.value ?? unread.value} />
      <ul class="rows">
        {sessions.value?.map((one) => (
          <li key={one.id}>
            <span>
              {browserOf(one.userAgent)}
              {one.current && <strong> (this one)</strong>}{" "}
              <span class="quiet">
                {one.provider}, seen {when(one.seenAt)}
              </span>
            </span>
            {!one.current && (
              <button
                type="button"
                aria-label={`Sign out ${browserOf(one.userAgent)}, seen ${when(one.seenAt)}`}
                disabled={busy.value}
                onClick={() => run(() => signOut(one.id).then(again))}
              >
                Sign out
              </button>
            )}
          </li>
        ))}
      </ul>
      <p class="actions">
        <button type="button" disabled={busy.value} onClick={() => run(() => leave("current"))}>
          Sign out here
        </button>
        <button type="button" disabled={busy.value} onClick={() => run(() => leave("all"))}>
          Sign out everywhere
        </button>
      </p>
    </Panel>
  );
}
