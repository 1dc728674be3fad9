import { batch, useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { ApiError, messageOf } from "../api/client.ts";
import { readYaml, replaceYaml } from "../api/object.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { changedLines } from "../objects/changed-lines.ts";
import type { Place } from "../objects/field-place.ts";
import { rebased } from "../objects/rebase.ts";
import { Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";
import "./yaml-editor.css";

/** What was written and not saved, while the page is open: by the object's address. */
const drafts = new Map<string, { stored: string; text: string }>();

/** Somebody else has stored it anew. */
interface Conflict {
  message: string;
  /** What they changed. */
  theirs: string[];
  /** Lines of theirs where one has changed the same. */
  overridden: string[];
}

/** What is edited, and what the server says of it. */
function useEdited(desk: Desk, object: ObjectRef) {
  const stored = useSignal<string | undefined>(undefined);
  const text = useSignal("");
  const problem = useSignal<string | undefined>(undefined);
  const difference = useSignal<string[] | undefined>(undefined);
  const conflict = useSignal<Conflict | undefined>(undefined);
  const isNow = desk.moment.value === undefined;
  const address = `${desk.live.base}${object.path}`;
  const begin = (found: string, written: string): void =>
    batch(() => {
      stored.value = found;
      text.value = written;
      difference.value = undefined;
    });
  const read = async (): Promise<void> => {
    const found = withoutManagedFields(await readYaml(desk.shown.value, object));
    if (isNow) drafts.delete(address);
    conflict.value = undefined;
    begin(found, found);
  };
  const write = (written: string): void => {
    text.value = written;
    difference.value = undefined;
    if (written === stored.value) drafts.delete(address);
    else drafts.set(address, { stored: stored.value!, text: written });
  };
  useSignalEffect(() => {
    const { value: shown } = desk.shown;
    const draft = shown === desk.live ? drafts.get(address) : undefined;
    if (draft) begin(draft.stored, draft.text);
    else read().catch((error: unknown) => (problem.value = messageOf(error)));
  });
  const send = async (dryRun: boolean): Promise<string> =>
    withoutManagedFields(await replaceYaml(desk.live, object, text.value, dryRun));
  /** Puts one's own lines on what is stored now. */
  const rebase = async (message: string): Promise<void> => {
    const newest = withoutManagedFields(await readYaml(desk.live, object));
    const before = stored.value!;
    const { text: merged, overridden } = rebased(before, text.value, newest);
    const theirs = changedLines(before, newest).filter((line) => !version.test(line));
    begin(newest, merged);
    write(merged);
    conflict.value = { message, theirs, overridden };
  };
  const tryIt = async (): Promise<void> => {
    conflict.value = undefined;
    const answer = await send(true).catch(async (error: unknown) => {
      if (!isConflict(error)) throw error;
      await rebase(messageOf(error));
      return send(true);
    });
    difference.value = changedLines(stored.value ?? "", answer);
  };
  const save = async (): Promise<void> => {
    try {
      await send(false);
    } catch (error) {
      if (!isConflict(error)) throw error;
      await rebase(messageOf(error));
      // What would be stored now has not been seen yet.
      difference.value = changedLines(stored.value ?? "", await send(true));
      return;
    }
    await read();
  };
  return { stored, text, problem, difference, conflict, read, write, tryIt, save };
}

const version = /^[+-] +(resourceVersion|generation|observedGeneration): /;
const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === 409;

type Edited = ReturnType<typeof useEdited>;

/** An object's YAML. What is changed is tried by the server first, and stored only after its difference was seen. */
export function YamlEditor({ desk, object }: { desk: Desk; object: ObjectRef }) {
  const edited = useEdited(desk, object);
  const { stored, text, problem, difference, conflict } = edited;
  const work = useWork();
  const mayWrite = desk.sandbox.role !== "viewer" && desk.moment.value === undefined;
  if (stored.value === undefined) {
    return problem.value ? <Problem text={problem.value} /> : <p class="quiet">Asking…</p>;
  }
  return (
    <>
      {mayWrite && <Buttons edited={edited} work={work} />}
      {conflict.value && <Meanwhile conflict={conflict.value} />}
      {difference.value && <Difference lines={difference.value} />}
      <Text
        label={`YAML of ${object.kind} ${object.name}`}
        text={text}
        write={edited.write}
        readOnly={!mayWrite}
        fault={work.problem}
      />
    </>
  );
}

interface ButtonsProps {
  edited: Edited;
  work: ReturnType<typeof useWork>;
}

function Buttons({ edited, work: { busy, run } }: ButtonsProps) {
  const { stored, text, difference, read, tryIt, save } = edited;
  const changed = text.value !== stored.value;
  const again = (): void => {
    if (!changed || confirm("Read it anew? What you wrote and did not save is gone then."))
      run(read);
  };
  return (
    <div class="actions">
      <button type="button" disabled={!changed || busy.value} onClick={() => run(tryIt)}>
        Try
      </button>
      <button
        type="button"
        disabled={!difference.value?.length || busy.value}
        onClick={() => run(save)}
      >
        Save
      </button>
      <button type="button" disabled={busy.value} onClick={again}>
        Read anew
      </button>
    </div>
  );
}

interface TextProps {
  label: string;
  text: Signal<string>;
  write: (text: string) => void;
  readOnly: boolean;
  fault: Signal<string | undefined>;
}

function Text({ label, text, write, readOnly, fault }: TextProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const place = useSignal<Place | undefined>(undefined);
  useEffect(() => {
    place.value = undefined;
    const message = fault.value;
    if (message === undefined) return;
    const about = text.peek();
    void import("../objects/field-place.ts").then(({ placeIn }) => {
      if (fault.peek() !== message || text.peek() !== about) return;
      place.value = placeIn(about, message);
      if (place.value && area.current) mark(area.current, place.value);
    });
  }, [fault.value]);
  return (
    <>
      {fault.value !== undefined && (
        <p class="problem" role="alert" id={id}>
          {place.value && (
            <button type="button" onClick={() => mark(area.current!, place.value!)}>
              Line {place.value.line}
            </button>
          )}{" "}
          {fault.value}
        </p>
      )}
      <textarea
        ref={area}
        class="yaml"
        aria-label={label}
        aria-invalid={fault.value !== undefined}
        aria-describedby={fault.value === undefined ? undefined : id}
        spellcheck={false}
        readOnly={readOnly}
        rows={24}
        value={text.value}
        onInput={(event) => write(event.currentTarget.value)}
      />
    </>
  );
}

/** Selects a place, and brings it into sight. */
function mark(area: HTMLTextAreaElement, { line, start, end }: Place): void {
  const lineHeight = Number.parseFloat(getComputedStyle(area).lineHeight);
  area.focus();
  area.setSelectionRange(start, end);
  area.scrollTop = Math.max(0, (line - 4) * lineHeight);
}

function Meanwhile({ conflict: { message, theirs, overridden } }: { conflict: Conflict }) {
  return (
    <div class="notice" role="alert">
      <p>
        {message}. So it was read again, and your changes are put on what is stored now. Nothing is
        saved yet.
      </p>
      {overridden.length > 0 && (
        <>
          <p>Both changed the same. Your text stands; saving it takes this away:</p>
          <Lines lines={overridden} />
        </>
      )}
      <details>
        <summary>What was changed meanwhile</summary>
        <Lines lines={theirs} />
      </details>
    </div>
  );
}

function Difference({ lines }: { lines: string[] }) {
  return (
    <>
      <p class="quiet" role="status">
        {lines.length === 0
          ? "The server would store nothing else than it has."
          : "The server takes it. This would change:"}
      </p>
      {lines.length > 0 && <Lines lines={lines} label="Difference" />}
    </>
  );
}

/** More are told by their number. */
const linesMax = 1_000;

function Lines({ lines, label }: { lines: string[]; label?: string }) {
  return (
    <pre class="yaml-difference" tabIndex={0} role="region" aria-label={label ?? "Lines"}>
      {lines.slice(0, linesMax).map((line, at) => (
        <span key={at} class={tone(line)}>
          {`${line}\n`}
        </span>
      ))}
      {lines.length > linesMax && `and ${lines.length - linesMax} more lines`}
    </pre>
  );
}

const tone = (line: string): string =>
  line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "";

/** `kubectl get -o yaml` leaves them out as well. */
const withoutManagedFields = (text: string): string =>
  text.replace(/^ {2}managedFields:\n(?: {2}[- ].*\n)*/m, "");
