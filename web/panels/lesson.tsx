import { useId } from "preact/hooks";
import { firstSteps } from "../objects/first-steps.ts";
import { readScenario, type Scenario } from "../api/scenarios.ts";
import type { Desk } from "../desk/desk.ts";
import { Markdown } from "../ui/markdown.tsx";
import { Problem } from "../ui/panel.tsx";
import { useLoaded } from "../ui/work.ts";
import "./lesson.css";

/** The text that a sandbox was made for; of one that was made for none, first steps. What is to be typed is typed by a click. */
export function Lesson({ desk }: { desk: Desk }) {
  const { source } = desk.sandbox;
  return source?.kind === "scenario" && source.id !== undefined ? (
    <OfScenario desk={desk} id={source.id} />
  ) : (
    <Text desk={desk} title="First steps" text={firstSteps} />
  );
}

function OfScenario({ desk, id }: { desk: Desk; id: string }) {
  const { value: scenario, problem } = useLoaded<Scenario>(() => readScenario(id));
  if (problem.value) return <Problem text={problem.value} />;
  if (!scenario.value) return <p class="quiet centered">Reading…</p>;
  const { title, readme } = scenario.value;
  return <Text desk={desk} title={title} text={readme} />;
}

function Text({ desk, title, text }: { desk: Desk; title: string; text: string }) {
  const id = useId();
  return (
    <section class="panel wide lesson" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <Markdown text={text} title={title} type={desk.type} />
    </section>
  );
}
