import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { run, stdinCharsMax, type Ran } from "../api/object.ts";
import { templates } from "../objects/templates.ts";
import { Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";
import { YamlField } from "../ui/yaml-field.tsx";
import type { Board } from "./board.ts";
import "./creator.css";

const apply = "kubectl apply -f -";

/** Objects from YAML: written, begun with a template, or dropped. What is written stays while the dialog is closed. */
export function Creator({ board }: { board: Board }) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const text = board.draft;
  const ran = useSignal<Ran | undefined>(undefined);
  const work = useWork();
  useEffect(() => {
    if (text.peek() === "") text.value = templates[0]!.yaml;
    dialog.current?.showModal();
  }, []);
  const send = (command: string): void =>
    work.run(async () => {
      ran.value = undefined;
      if (text.value.length > stdinCharsMax) {
        throw new Error(
          `this is more than ${stdinCharsMax / 1024} KiB; apply it with kubectl from your own machine`,
        );
      }
      ran.value = await run(board.desk.sandbox, command, text.value);
    });
  return (
    <dialog
      ref={dialog}
      class="creator"
      aria-labelledby={`${id}-title`}
      onClose={() => (board.over.value = undefined)}
    >
      <div class="title">
        <h2 id={`${id}-title`}>Create objects</h2>
        <TemplateChoice choose={(yaml) => (text.value = yaml)} />
      </div>
      <p class="quiet">
        Files and folders may be dropped anywhere on the desk. Applied with <code>{apply}</code>.
      </p>
      <YamlField cluster={board.desk.live} text={text} label="Objects as YAML" readOnly={false} />
      <Problem text={work.problem.value} />
      {ran.value && <Said ran={ran.value} />}
      <div class="actions">
        <button
          type="button"
          disabled={work.busy.value}
          onClick={() => send(`${apply} --dry-run=server`)}
        >
          Try
        </button>
        <button
          type="button"
          class="primary"
          disabled={work.busy.value}
          onClick={() => send(apply)}
        >
          Apply
        </button>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}

function TemplateChoice({ choose }: { choose: (yaml: string) => void }) {
  return (
    <select
      aria-label="Template"
      value=""
      onChange={(event) => {
        const found = templates.find(({ name }) => name === event.currentTarget.value);
        if (found) choose(found.yaml);
        event.currentTarget.value = "";
      }}
    >
      <option value="">Begin with…</option>
      {templates.map(({ name }) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

function Said({ ran: { stdout, stderr, exitCode } }: { ran: Ran }) {
  return (
    <>
      {stdout !== "" && (
        <pre class="said" role="status">
          {stdout}
        </pre>
      )}
      <Problem
        text={exitCode === 0 && stderr === "" ? undefined : stderr || `it ended with ${exitCode}`}
      />
    </>
  );
}
