import { useSignal } from "@preact/signals";
import { messageOf } from "../api/client.ts";
import { relatedTo, type Related } from "../api/related.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { useTold } from "../objects/told.ts";
import { Problem } from "../ui/panel.tsx";

/** Who owns an object, what it owns, names, selects, and what selects it. */
export function RelatedObjects({ desk, object }: { desk: Desk; object: ObjectRef }) {
  const related = useSignal<Related[] | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useTold(desk, object, () => {
    relatedTo(desk.shown.value, object).then(
      (found) => (related.value = found),
      (error: unknown) => (problem.value = messageOf(error)),
    );
  });
  const found = related.value ?? [];
  const hows = [...new Set(found.map(({ how }) => how))];
  return (
    <>
      <Problem text={problem.value} />
      {related.value === undefined && !problem.value && <p class="quiet">Looking around…</p>}
      {related.value?.length === 0 && (
        <p class="empty">Nothing owns it, selects it or is named by it.</p>
      )}
      {hows.map((how) => (
        <section key={how} class="related">
          <h3>{how[0]!.toUpperCase() + how.slice(1)}</h3>
          <ul>
            {found
              .filter((one) => one.how === how)
              .map(({ ref }) => (
                <li key={ref.path}>
                  <button type="button" class="link" onClick={() => (desk.selected.value = ref)}>
                    {ref.kind} {ref.name}
                  </button>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </>
  );
}
