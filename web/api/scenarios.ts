import { ask, askJson } from "./client.ts";
import { askAsHuman } from "./human.ts";
import { knowMe } from "./me.ts";
import { withKey, type Sandbox } from "./sandboxes.ts";

/** Named starts that somebody keeps: a text, and a cluster to begin with. */

export interface ScenarioLine {
  id: string;
  title: string;
  description?: string;
  visibility: string;
  published: boolean;
  minutes?: number;
  level?: string;
}

export interface Scenario extends ScenarioLine {
  /** Markdown. */
  readme: string;
  nodes?: number;
}

interface ListAnswer {
  ours?: ScenarioLine[];
  scenarios: ScenarioLine[];
}

export const readScenario = (id: string): Promise<Scenario> =>
  askJson(`/api/scenarios/${encodeURIComponent(id)}`);

/** One's own. */
export const listScenarios = async (): Promise<ScenarioLine[]> =>
  (await askJson<ListAnswer>("/api/scenarios?limit=100")).scenarios;

export const deleteScenario = (id: string): Promise<unknown> =>
  ask(`/api/scenarios/${encodeURIComponent(id)}`, { method: "DELETE" });

/** Podyard's own first, then what others made public. */
export async function listGallery(): Promise<ScenarioLine[]> {
  const { ours = [], scenarios } = await askJson<ListAnswer>("/api/scenarios?gallery");
  return [...ours, ...scenarios];
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
