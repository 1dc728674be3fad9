import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { messageOf } from "../api/client.ts";
import { typeIn } from "../api/openapi.ts";
import type { Cluster } from "../api/tables.ts";
import { linesOfField } from "../objects/field-lines.ts";
import type { Mark } from "../yaml/check.ts";
import { Problem } from "./panel.tsx";
import type { CodeEditor } from "./code-editor.ts";

interface Props {
  /** Whose types its completion and its checks go by. */
  cluster: Cluster;
  text: Signal<string>;
  label: string;
  readOnly: boolean;
  /** What the server says of the text, until it is changed. */
  marks?: Signal<Mark[]>;
  /** Path of the field to begin at. */
  field?: string | undefined;
}

/** A YAML text in an editor that knows the cluster's types. */
export function YamlField({ cluster, text, label, readOnly, marks, field }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const editor = useSignal<CodeEditor | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    open(parent.current!, { cluster, text, label, readOnly }).then(
      (opened) => {
        if (gone) opened.destroy();
        else editor.value = opened;
      },
      (error: unknown) => (problem.value = messageOf(error)),
    );
    return () => {
      gone = true;
      editor.peek()?.destroy();
    };
  }, [label]);
  useEffect(() => editor.value?.set(text.value), [editor.value, text.value]);
  useEffect(() => editor.value?.setReadOnly(readOnly), [editor.value, readOnly]);
  useEffect(() => {
    if (marks) editor.value?.mark(marks.value);
  }, [editor.value, marks?.value]);
  useEffect(() => {
    const lines = field === undefined ? undefined : linesOfField(text.peek(), field);
    if (lines) editor.value?.select(lines.from, lines.to);
  }, [editor.value, field]);
  return (
    <>
      <Problem text={problem.value} />
      {!editor.value && !problem.value && <p class="quiet">Loading the editor…</p>}
      <div ref={parent} class="yaml-field" />
    </>
  );
}

async function open(
  parent: HTMLElement,
  { cluster, text, label, readOnly }: Omit<Props, "marks" | "field">,
): Promise<CodeEditor> {
  const [{ codeEditor }, { suggestionsAt }, checks] = await Promise.all([
    import("./code-editor.ts"),
    import("../yaml/suggest.ts"),
    import("../yaml/check-all.ts"),
  ]);
  return codeEditor({
    parent,
    text: text.peek(),
    label,
    readOnly,
    changed: (next) => (text.value = next),
    suggest: (whole, offset, asked) =>
      suggestionsAt(whole, offset, asked, (apiVersion, kind) => typeIn(cluster, apiVersion, kind)),
    check: (whole) =>
      checks.checkAll(whole, (apiVersion, kind) => typeIn(cluster, apiVersion, kind)),
  });
}
