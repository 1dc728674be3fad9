import { askIfThere, askJson } from "./client.ts";
import { askAsHuman } from "./human.ts";
import { knowMe } from "./me.ts";
import { withKey, type Sandbox } from "./sandboxes.ts";

/** Named starts that somebody keeps: a text, and a cluster to begin with. */

export interface ScenarioLine {
  id: string;
  title: string;
  description?: string;
  visibility: string;
}

export interface Scenario extends ScenarioLine {
  /** Markdown. */
  readme: string;
  minutes?: number;
  level?: string;
}

interface ListAnswer {
  ours?: ScenarioLine[];
  scenarios: ScenarioLine[];
}

export const readScenario = (id: string): Promise<Scenario> =>
  askJson(`/api/scenarios/${encodeURIComponent(id)}`);

/** One's own; undefined: this deployment keeps none. */
export const listScenarios = async (): Promise<ScenarioLine[] | undefined> =>
  (await askIfThere<ListAnswer>("/api/scenarios?limit=100"))?.scenarios;

/** Podyard's own first, then what others made public. */
export async function listGallery(): Promise<ScenarioLine[] | undefined> {
  const found = await askIfThere<ListAnswer>("/api/scenarios?gallery");
  return found && [...(found.ours ?? []), ...found.scenarios];
}

/** The visitor's own lab of it: made, or the one that they have. */
export async function startLab(id: string): Promise<Sandbox> {
  const { sandbox } = await askAsHuman<{ sandbox: Sandbox }>(
    `/api/scenarios/${encodeURIComponent(id)}/start`,
    { method: "POST", body: {} },
  );
  knowMe();
  return withKey(sandbox);
}
