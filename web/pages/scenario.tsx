import { lazy, Suspense } from "preact/compat";
import { readScenario, startLab, type Scenario } from "../api/scenarios.ts";
import { enter } from "../desk/entering.ts";
import { Embedding } from "../panels/embedding.tsx";
import { Problem } from "../ui/panel.tsx";
import { useTitle } from "../ui/title.ts";
import { useLoaded, useWork } from "../ui/work.ts";

const Markdown = lazy(async () => (await import("../ui/markdown.tsx")).Markdown);

/** A scenario's text, and the button that makes the visitor's own lab of it. */
export function ScenarioPage({ id }: { id: string }) {
  const { value: scenario, problem } = useLoaded(() => readScenario(id));
  if (scenario.value) return <Opened scenario={scenario.value} />;
  return (
    <section class="welcome">
      <h1>{problem.value ? "It does not open" : "Opening the scenario…"}</h1>
      <Problem text={problem.value} />
      {problem.value && <a href="/">Make a sandbox of your own</a>}
    </section>
  );
}

const factsOf = ({ level, minutes, nodes }: Scenario): string =>
  [level, minutes && `about ${minutes} minutes`, nodes && `a cluster of ${nodes} nodes`]
    .filter(Boolean)
    .join(" · ");

function Opened({ scenario }: { scenario: Scenario }) {
  const { id, title, readme } = scenario;
  useTitle(title);
  const { busy, problem, run } = useWork();
  const start = (): Promise<void> => enter(startLab(id));
  return (
    <div class="article">
      <div>
        <h1>{title}</h1>
        <p class="lead">{scenario.description}</p>
        <p class="quiet">{factsOf(scenario)}</p>
      </div>
      <p>
        <button class="primary" type="button" disabled={busy.value} onClick={() => run(start)}>
          {busy.value ? "Making your lab…" : "Start"}
        </button>
      </p>
      <Problem text={problem.value} />
      <Suspense fallback={<p class="quiet">Reading…</p>}>
        <Markdown text={readme} title={title} />
      </Suspense>
      <Embedding path={`/embed/l/${id}`} title={title} />
    </div>
  );
}
