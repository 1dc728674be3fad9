import { useSignal, useSignalEffect } from "@preact/signals";
import { ApiError, messageOf } from "../api/client.ts";
import { readYaml, replaceYaml } from "../api/object.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { useTold } from "../objects/told.ts";
import { TextDifference } from "../ui/text-difference.tsx";
import { Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";
import { YamlField } from "../ui/yaml-field.tsx";
import { rangeOf, type Mark } from "../yaml/check.ts";
import { basedOn, sameButStatus, withoutManagedFields } from "../yaml/versions.ts";

/** What is edited, and what the server says of it. */
function useEdited(desk: Desk, object: ObjectRef) {
  /** As it was when the editing began. */
  const stored = useSignal<string | undefined>(undefined);
  const text = useSignal("");
  const problem = useSignal<string | undefined>(undefined);
  const marks = useSignal<Mark[]>([]);
  /** What the server would store. */
  const answer = useSignal<string | undefined>(undefined);
  /** As somebody else left it meanwhile. */
  const newer = useSignal<string | undefined>(undefined);
  const saved = useSignal(false);

  const newest = async (): Promise<string> =>
    withoutManagedFields(await readYaml(desk.shown.value, object));
  const take = (found: string): void => {
    stored.value = found;
    text.value = found;
    answer.value = undefined;
    newer.value = undefined;
  };
  /** What nobody changed here keeps up with the cluster. */
  const follow = async (): Promise<void> => {
    const found = await newest();
    const before = stored.peek();
    if (before === undefined || text.peek() === before) return take(found);
    if (sameButStatus(before, found)) {
      text.value = basedOn(text.peek(), found);
      stored.value = found;
    } else newer.value = found;
  };
  useTold(desk, object, () => {
    follow().then(
      () => (problem.value = undefined),
      (error: unknown) => (problem.value = messageOf(error)),
    );
  });
  useSignalEffect(() => {
    void text.value;
    answer.value = undefined;
    if (text.value !== stored.peek()) saved.value = false;
  });

  const send = async (dryRun: boolean): Promise<string> => {
    marks.value = [];
    try {
      return withoutManagedFields(await replaceYaml(desk.live, object, text.value, dryRun));
    } catch (error) {
      if (error instanceof ApiError) marks.value = marksOf(text.value, error);
      throw error;
    }
  };
  return {
    stored,
    text,
    problem,
    marks,
    answer,
    newer,
    saved,
    tryIt: async () => void (answer.value = await send(true)),
    save: async () => {
      take(await send(false));
      saved.value = true;
    },
    discard: async () => take(await newest()),
    keep: () => {
      const found = newer.value!;
      text.value = basedOn(text.value, found);
      stored.value = found;
      newer.value = undefined;
    },
  };
}

/** The fields that an error names; a text that cannot be read names fields too. */
function marksOf(text: string, { message, causes }: ApiError): Mark[] {
  const unknown = [...message.matchAll(/unknown field "([^"]+)"/g)].map(([said, field]) => ({
    field: field!,
    message: said,
  }));
  return [...causes, ...unknown].map((cause) => ({
    ...rangeOf(text, cause.field),
    message: cause.message,
  }));
}

type Edited = ReturnType<typeof useEdited>;

/** An object's YAML. What is changed is tried by the server first, and stored only after its difference was seen. */
export function YamlEditor({ desk, object }: { desk: Desk; object: ObjectRef }) {
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
      />
      <Problem text={problem.value} />
      <Newer edited={edited} />
      {answer.value !== undefined && <Tried before={stored.value} after={answer.value} />}
      {mayWrite && <Buttons edited={edited} />}
    </div>
  );
}

function Buttons({ edited }: { edited: Edited }) {
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
function Newer({ edited: { newer, stored, discard, keep } }: { edited: Edited }) {
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
