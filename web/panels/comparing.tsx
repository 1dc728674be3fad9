import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { stringify } from "yaml";
import { compareWithNow } from "../api/past.ts";
import type { Sandbox } from "../api/sandboxes.ts";
import type { Difference, Thing } from "../time/compare.ts";
import { TextDifference } from "../ui/text-difference.tsx";
import { countText } from "../time/words.ts";
import { Problem } from "../ui/panel.tsx";
import { useLoaded } from "../ui/work.ts";

interface Props {
  sandbox: Sandbox;
  from: number;
  close: () => void;
}

/** Which objects came, changed and went between a revision and now, each with the lines that differ. */
export function Comparing({ sandbox, from, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { value: compared, problem } = useLoaded(() => compareWithNow(sandbox, from));
  useEffect(() => dialog.current?.showModal(), []);
  const { differences, left } = compared.value ?? {};
  return (
    <dialog ref={dialog} class="comparing" aria-labelledby="comparing-title" onClose={close}>
      <div class="title">
        <h2 id="comparing-title">From revision {from} to now</h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      <Problem text={problem.value} />
      {!compared.value && !problem.value && <p class="quiet">Comparing…</p>}
      {differences && (
        <p role="status">
          {differences.length === 0 ? "No object differs." : countsOf(differences)}
        </p>
      )}
      {differences?.map((one) => (
        <OneDifference key={`${one.resource} ${one.namespace}/${one.name}`} of={one} />
      ))}
      {left?.map((why) => (
        <p key={why} class="quiet">
          Not compared: {why}
        </p>
      ))}
    </dialog>
  );
}

function countsOf(differences: Difference[]): string {
  const count = (what: Difference["is"]): number =>
    differences.filter(({ is }) => is === what).length;
  return `${countText(count("added"), "object")} added, ${count("changed")} changed, ${count("removed")} removed`;
}

const signs = { added: "+", changed: "~", removed: "−" };

function OneDifference({ of: { kind, namespace, name, is, before, after } }: { of: Difference }) {
  const open = useSignal(false);
  return (
    <details onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        <span class={`difference ${is}`} aria-hidden="true">
          {signs[is]}
        </span>{" "}
        {kind} {namespace === "" ? name : `${namespace}/${name}`} <span class="quiet">{is}</span>
      </summary>
      {open.value && <TextDifference before={yamlOf(before)} after={yamlOf(after)} />}
    </details>
  );
}

const yamlOf = (thing: Thing | undefined): string =>
  thing ? stringify(thing, { lineWidth: 0 }).trimEnd() : "";
