import folders from "./gallery-files.json" with { type: "json" };
import type { Files } from "./scenario-files.ts";

/**
 * Podyard's own scenarios: the folders of `gallery/`, in the order of the course. They come with the deployment, so no database
 * holds them, and a new deployment brings new versions.
 */

export interface OwnScenario {
  /** The folder's name. */
  id: string;
  /** Goes up by one when the folder changes what a cluster begins with. */
  version: number;
  files: Files;
}

const order: [id: string, version: number][] = [
  ["first-pods", 1],
  ["restarts-and-probes", 1],
  ["where-pods-land", 1],
  ["keep-three-running", 1],
  ["a-rollout-that-stops", 1],
  ["find-it-by-name", 1],
  ["nobody-answers", 1],
  ["who-may-do-what", 1],
];

export const gallery: readonly OwnScenario[] = order.map(([id, version]) => ({
  id,
  version,
  files: (folders as Record<string, Files>)[id] as Files,
}));

export const ownScenario = (id: string): OwnScenario | undefined =>
  gallery.find((scenario) => scenario.id === id);
