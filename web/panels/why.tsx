import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ApiError, messageOf } from "../api/client.ts";
import { explain, type Evidence, type ExplanationStatus, type Mend } from "../api/explanations.ts";
import { refTo } from "../desk/ask-why.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { placeOf, pluralOf, whereText, withoutNumbers } from "../objects/evidence.ts";
import { clockText } from "../time/words.ts";
import { useTold } from "../objects/told.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Problem } from "../ui/panel.tsx";
import "./why.css";

/** Why an object is as it is: the sentence, what it rests on, and what would mend it. */

interface Answer extends ExplanationStatus {
  /** Virtual ms; undefined: of a moment, or the time was not told yet. */
  atMs: number | undefined;
}

interface Part {
  desk: Desk;
  object: ObjectRef;
}

/** Asked now, and again when the object changes, or something of the kinds that the answer rests on. */
function useExplanation({ desk, object }: Part) {
  const answer = useSignal<Answer | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const gone = useSignal(false);
  const asked = useRef<AbortController | undefined>(undefined);
  const kinds = useRef(new Set<string>());
  const concerns = (changed: string): boolean => kinds.current.has(changed.split(".")[0]!);
  const ask = (): void => {
    asked.current?.abort();
    const { signal } = (asked.current = new AbortController());
    const cluster = desk.shown.value;
    explain(cluster, object, signal).then(
      (told) => {
        kinds.current = new Set(told.evidence.map((one) => pluralOf(one.object?.kind ?? "")));
        answer.value = { ...told, atMs: cluster.changes?.time.nowMs };
        problem.value = undefined;
        gone.value = false;
      },
      (error: unknown) => {
        if (signal.aborted) return;
        problem.value = messageOf(error);
        gone.value = error instanceof ApiError && error.status === 404;
        if (gone.value) answer.value = undefined;
      },
    );
  };
  useTold(desk, object, ask, concerns);
  useEffect(() => () => asked.current?.abort(), []);
  return { answer: answer.value, problem: problem.value, gone: gone.value };
}

export function Why({ desk, object }: Part) {
  const { answer, problem, gone } = useExplanation({ desk, object });
  const isNow = desk.moment.value === undefined;
  return (
    <div class="why">
      <Problem text={problem} />
      {gone && (
        <p class="quiet">
          {isNow
            ? "It is gone. The timeline says when: look at a moment before that, and ask again."
            : "It was not there at this moment. Look at a later one, or at now."}
        </p>
      )}
      {!answer && !problem && <p class="quiet">Asking the cluster…</p>}
      {answer && (
        <>
          <Sentence answer={answer} />
          <EvidenceList desk={desk} object={object} evidence={answer.evidence} />
          <Mends desk={desk} mends={answer.mend} />
          <p class="quiet decided">
            Decided by {answer.decidedBy}.{" "}
            {isNow
              ? answer.atMs !== undefined && `As of ${clockText(answer.atMs)}.`
              : `As of revision ${desk.moment.value}.`}
          </p>
        </>
      )}
    </div>
  );
}

/** Countdowns are shown as they run, and read out once. */
function Sentence({ answer: { sentence, mend } }: { answer: Answer }) {
  const said = useRef(sentence);
  if (withoutNumbers(said.current) !== withoutNumbers(sentence)) said.current = sentence;
  return (
    <>
      <p class={`sentence ${mend.length === 0 ? "well" : ""}`}>{sentence}</p>
      <p class="unseen" role="status">
        {said.current}
      </p>
    </>
  );
}

interface EvidenceProps extends Part {
  evidence: Evidence[];
}

function EvidenceList({ desk, object, evidence }: EvidenceProps) {
  if (evidence.length === 0) return null;
  const open = async (one: Evidence): Promise<void> => {
    const ref = one.object && (await refTo(desk, one.object));
    if (!ref) return;
    desk.detail.value = placeOf(one);
    desk.selected.value = ref;
  };
  return (
    <>
      <h3 id="why-evidence">Evidence</h3>
      <ul class="evidence" aria-labelledby="why-evidence">
        {evidence.map((one, at) => (
          <li key={at}>
            {one.object ? (
              <button type="button" class="link" onClick={() => void open(one)}>
                {one.text}
              </button>
            ) : (
              one.text
            )}
            <span class="where">{whereText(one, object)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Ctrl-E, Ctrl-U: what stands on the line goes, so that two commands do not become one. Ctrl-Y brings it back. */
const emptyLine = "\x05\x15";

function Mends({ desk, mends }: { desk: Desk; mends: Mend[] }) {
  if (mends.length === 0) return null;
  const { type } = desk;
  return (
    <>
      <h3 id="why-mend">What would mend it</h3>
      <ul class="mends" aria-labelledby="why-mend">
        {mends.map(({ text, command }) => (
          <li key={command}>
            <p>{text}:</p>
            <div class="command">
              <code>{command}</code>
              {type ? (
                <button
                  type="button"
                  aria-label={`Type it into the terminal: ${command}`}
                  title="Types it into the terminal; Enter runs it"
                  onClick={() => type(emptyLine + command)}
                >
                  Type it into the terminal
                </button>
              ) : (
                <CopyButton text={command} label="Copy" what={`the command ${command}`} />
              )}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
