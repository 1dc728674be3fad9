/** What the edge asks of the whole engine: loaded when snapshots are opened or manifests tried, so that no cold start evaluates it. */
export { couldBeBorn } from "../durable-objects/birth.ts";
export { openArtefact } from "../durable-objects/engine/snapshots/artefact.ts";
export { countsOf } from "../durable-objects/engine/snapshots/counts.ts";
export {
  ReadOnlyCluster,
  ReadOnlyClusters,
} from "../durable-objects/engine/snapshots/read-only.ts";
export { thumbnail } from "../durable-objects/engine/snapshots/thumbnail.ts";
