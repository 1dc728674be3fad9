import { useSignalEffect } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { editedOf, type EditedObject } from "../objects/edited.ts";
import { useTold } from "../objects/told.ts";
import { Problem } from "../ui/panel.tsx";
import { TextDifference } from "../ui/text-difference.tsx";
import { useWork } from "../ui/work.ts";
import { YamlField } from "../ui/yaml-field.tsx";

/** Keeps up with the cluster. */
function useEdited(desk: Desk, object: ObjectRef): EditedObject {
  const edited = useMemo(() => editedOf(desk, object), [desk, object.path]);
  useTold(desk, object, () => edited.follow());
  useSignalEffect(() => edited.noteText(edited.text.value));
  return edited;
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
  const { stored, text, problem, marks, answer } = edited;
  const mayWrite = desk.sandbox.role !== "viewer" && desk.moment.value === undefined;
  if (stored.value === undefined) {
    return problem.value ? <Problem text={problem.value} /> : <p class="quiet">Asking…</p>;
  }
  return (
    <div class="yaml-editor">
      <YamlField
        cluster={desk.live}
        text={text}
        label={`YAML of ${object.kind} ${object.name}`}
        readOnly={!mayWrite}
        marks={marks}
        field={field}
      />
      <Problem text={problem.value} />
      <Newer edited={edited} />
      {answer.value !== undefined && <Tried before={stored.value} after={answer.value} />}
      {mayWrite && <Buttons edited={edited} />}
    </div>
  );
}

function Buttons({ edited }: { edited: EditedObject }) {
  const { stored, text, answer, saved, tryIt, save, discard } = edited;
  const { busy, problem, run } = useWork();
  const changed = text.value !== stored.value;
  const differs = answer.value !== undefined && answer.value !== stored.value;
  return (
    <>
      <Problem text={problem.value} />
      <div class="actions">
        <button type="button" disabled={!changed || busy.value} onClick={() => run(tryIt)}>
          Try
        </button>
        <button
          type="button"
          class="primary"
          disabled={!differs || busy.value}
          onClick={() => run(save)}
        >
          Save
        </button>
        <button type="button" disabled={!changed || busy.value} onClick={() => run(discard)}>
          Discard
        </button>
        <span class="quiet" role="status">
          {busy.value
            ? "Asking the server…"
            : saved.value
              ? "Saved."
              : changed
                ? "Not saved yet."
                : ""}
        </span>
      </div>
    </>
  );
}

/** Two people at one object: nothing is lost without a word. */
function Newer({ edited: { newer, stored, discard, keep } }: { edited: EditedObject }) {
  const { busy, problem, run } = useWork();
  if (newer.value === undefined) return null;
  return (
    <div class="newer" role="alert">
      <p>It was changed meanwhile, and not by you. What is different now:</p>
      <TextDifference before={stored.value ?? ""} after={newer.value} />
      <Problem text={problem.value} />
      <div class="actions">
        <button type="button" disabled={busy.value} onClick={keep}>
          Keep my text, over theirs
        </button>
        <button type="button" disabled={busy.value} onClick={() => run(discard)}>
          Take theirs
        </button>
      </div>
    </div>
  );
}

function Tried({ before, after }: { before: string; after: string }) {
  const same = before === after;
  return (
    <>
      <p class="quiet" role="status">
        {same
          ? "The server would store nothing else than it has."
          : "The server takes it. This would change:"}
      </p>
      {!same && <TextDifference before={before} after={after} />}
    </>
  );
}
