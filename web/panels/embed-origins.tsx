import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { setEmbedOrigins, type Me } from "../api/me.ts";
import { Panel, Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";

/** Whose pages may show in frames what somebody shares. */
export function EmbedOrigins({ me }: { me: Me }) {
  const id = useId();
  const text = useSignal((me.embedOrigins ?? []).join("\n"));
  const saved = useSignal(false);
  const { busy, problem, run } = useWork();
  const save = async (): Promise<void> => {
    saved.value = false;
    const origins = text.value.split(/\s+/).filter(Boolean);
    await setEmbedOrigins(origins.length > 0 ? origins : null);
    saved.value = true;
  };
  return (
    <Panel title="Embedding">
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run(save);
        }}
      >
        <label for={id}>
          Sites whose pages may show what you share, one a line, as{" "}
          <code>https://course.example</code>. None: any site.
        </label>
        <textarea
          id={id}
          rows={3}
          spellcheck={false}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <button type="submit" disabled={busy.value}>
          Save the sites
        </button>
      </form>
      {saved.value && (
        <p class="quiet" role="status">
          Saved.
        </p>
      )}
      <Problem text={problem.value} />
    </Panel>
  );
}
