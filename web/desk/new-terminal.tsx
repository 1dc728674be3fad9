import { useEffect, useId, useRef } from "preact/hooks";
import { askJson } from "../api/client.ts";
import type { Sandbox } from "../api/sandboxes.ts";
import { clusterOf } from "../api/tables.ts";
import { Problem } from "../ui/panel.tsx";
import { useLoaded } from "../ui/work.ts";

interface Machine {
  title: string;
  /** Absent: the control plane. */
  machine?: string;
}

interface List {
  items: {
    metadata: { name: string; namespace?: string };
    spec: { containers?: { name: string }[] };
  }[];
}

const controlPlane = "control-plane";

/** Where a terminal can be: the control plane, the nodes, the containers. Throws ApiError. */
async function machinesOf(sandbox: Sandbox): Promise<Machine[]> {
  const { base, key } = clusterOf(sandbox);
  const [nodes, pods] = await Promise.all(
    ["nodes", "pods"].map((plural) => askJson<List>(`${base}/api/v1/${plural}`, { key })),
  );
  return [
    { title: controlPlane },
    ...nodes!.items
      .filter(({ metadata: { name } }) => name !== controlPlane)
      .map(({ metadata: { name } }) => ({ title: name, machine: `node/${name}` })),
    ...pods!.items.flatMap(({ metadata: { name, namespace = "default" }, spec }) =>
      (spec.containers ?? []).map((container) => ({
        title: `${name}/${container.name}`,
        machine: `pod/${namespace}/${name}/${container.name}`,
      })),
    ),
  ];
}

interface Props {
  sandbox: Sandbox;
  done: (title: string, machine?: string) => void;
  close: () => void;
}

export function NewTerminal({ sandbox, done, close }: Props) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const select = useRef<HTMLSelectElement>(null);
  const { value: machines, problem } = useLoaded(() => machinesOf(sandbox));
  useEffect(() => dialog.current?.showModal(), []);
  const open = (event: Event): void => {
    event.preventDefault();
    const chosen = machines.value?.[Number(select.current?.value)];
    if (chosen) done(chosen.title, chosen.machine);
    dialog.current?.close();
  };
  return (
    <dialog ref={dialog} aria-labelledby={`${id}-title`} onClose={close}>
      <h2 id={`${id}-title`}>New terminal</h2>
      <Problem text={problem.value} />
      <form class="stack" onSubmit={open}>
        <label for={id}>Where</label>
        <select id={id} ref={select}>
          {machines.value?.map(({ title }, at) => (
            <option key={at} value={at}>
              {title}
            </option>
          ))}
        </select>
        <p class="actions">
          <button type="submit" disabled={!machines.value}>
            Open
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  );
}
