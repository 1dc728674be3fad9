import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { messageOf } from "../api/client.ts";
import { readYaml, replaceYaml } from "../api/object.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";
import { changedLines } from "../objects/changed-lines.ts";
import { linesOfField } from "../objects/field-lines.ts";

/** What is edited, and what the server says of it. */
function useEdited(desk: Desk, object: ObjectRef) {
  const stored = useSignal<string | undefined>(undefined);
  const text = useSignal("");
  const problem = useSignal<string | undefined>(undefined);
  const difference = useSignal<string[] | undefined>(undefined);
  const read = async (): Promise<void> => {
    const found = withoutManagedFields(await readYaml(desk.shown.value, object));
    stored.value = found;
    text.value = found;
    difference.value = undefined;
  };
  useSignalEffect(() => {
    read().catch((error: unknown) => (problem.value = messageOf(error)));
  });
  const tryIt = async (): Promise<void> => {
    const answer = withoutManagedFields(await replaceYaml(desk.live, object, text.value, true));
    difference.value = changedLines(stored.value ?? "", answer);
  };
  const save = async (): Promise<void> => {
    await replaceYaml(desk.live, object, text.value, false);
    await read();
  };
  return { stored, text, problem, difference, read, tryIt, save };
}

interface Props {
  desk: Desk;
  object: ObjectRef;
  /** Path of the field to begin at. */
  field: string | undefined;
}

/** An object's YAML. What is changed is tried by the server first, and stored only after its difference was seen. */
export function YamlEditor({ desk, object, field }: Props) {
  const edited = useEdited(desk, object);
  const { stored, text, problem, difference, read, tryIt, save } = edited;
  const work = useWork();
  const area = useRef<HTMLTextAreaElement>(null);
  const isThere = stored.value !== undefined;
  useEffect(() => {
    if (isThere && field && area.current) showField(area.current, field);
  }, [isThere, field]);
  const mayWrite = desk.sandbox.role !== "viewer" && desk.moment.value === undefined;

  if (stored.value === undefined) {
    return problem.value ? <Problem text={problem.value} /> : <p class="quiet">Asking…</p>;
  }
  const changed = text.value !== stored.value;
  return (
    <>
      <textarea
        ref={area}
        class="yaml"
        aria-label={`YAML of ${object.kind} ${object.name}`}
        spellcheck={false}
        readOnly={!mayWrite}
        rows={24}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          difference.value = undefined;
        }}
      />
      <Problem text={work.problem.value} />
      {difference.value && <Difference lines={difference.value} />}
      {mayWrite && (
        <div class="actions">
          <button
            type="button"
            disabled={!changed || work.busy.value}
            onClick={() => work.run(tryIt)}
          >
            Try
          </button>
          <button
            type="button"
            disabled={!difference.value?.length || work.busy.value}
            onClick={() => work.run(save)}
          >
            Save
          </button>
          <button type="button" disabled={work.busy.value} onClick={() => work.run(read)}>
            Read anew
          </button>
        </div>
      )}
    </>
  );
}

/** Selects the lines of a field, and brings them into view. */
function showField(area: HTMLTextAreaElement, field: string): void {
  const lines = area.value.split("\n");
  const found = linesOfField(area.value, field);
  if (!found) return;
  const startOf = (line: number): number =>
    lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, 0);
  area.focus({ preventScroll: true });
  area.setSelectionRange(startOf(found.from), startOf(found.to) - 1);
  area.scrollTop = (area.scrollHeight / lines.length) * Math.max(0, found.from - 4);
  area.scrollIntoView({ block: "nearest" });
}

function Difference({ lines }: { lines: string[] }) {
  return (
    <>
      <p class="quiet" role="status">
        {lines.length === 0
          ? "The server would store nothing else than it has."
          : "The server takes it. This would change:"}
      </p>
      {lines.length > 0 && (
        <pre class="difference" tabIndex={0}>
          {lines.map((line, at) => (
            <span key={at} class={line.startsWith("+") ? "added" : "removed"}>
              {`${line}\n`}
            </span>
          ))}
        </pre>
      )}
    </>
  );
}

/** `kubectl get -o yaml` leaves them out as well. */
const withoutManagedFields = (text: string): string =>
  text.replace(/^ {2}managedFields:\n(?: {2}[- ].*\n)*/m, "");
