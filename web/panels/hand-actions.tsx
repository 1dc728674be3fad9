import { useSignal } from "@preact/signals";
import { askJson, messageOf } from "../api/client.ts";
import { runLine } from "../api/object.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { handActions, type Acted, type HandAction } from "../objects/hand-actions.ts";
import { useTold } from "../objects/told.ts";
import { Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";

/** What one can do to an object, or break, by hand. */
export function HandActions({ desk, object }: { desk: Desk; object: ObjectRef }) {
  const is = useSignal<Acted | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const said = useSignal<string | undefined>(undefined);
  const work = useWork();
  const read = async (): Promise<void> => {
    const { base, key } = desk.live;
    is.value = await askJson<Acted>(`${base}${object.path}`, { key });
  };
  useTold(desk, object, () => {
    read().catch((error: unknown) => (problem.value = messageOf(error)));
  });
  const run = ({ command }: HandAction): void => {
    said.value = undefined;
    work.run(async () => {
      said.value = await runLine(desk.sandbox, command);
      await read();
    });
  };
  if (!is.value) {
    return problem.value ? <Problem text={problem.value} /> : <p class="quiet">Asking…</p>;
  }
  return (
    <>
      <ul class="hand-actions">
        {handActions(object, is.value).map((action) => (
          <li key={action.title}>
            <button type="button" disabled={work.busy.value} onClick={() => run(action)}>
              {action.title}
            </button>
            <p>{action.then}</p>
            <pre tabIndex={0} aria-label={`Command of ${action.title}`}>
              {action.command}
            </pre>
          </li>
        ))}
      </ul>
      <Problem text={work.problem.value} />
      <pre class="said" role="status" hidden={said.value === undefined}>
        {said.value}
      </pre>
    </>
  );
}
