/** The kubectl that is simulated: of the cluster's own release. */
export { release as clientVersion } from "../machinery/release.ts";

export const kustomizeVersion = "v5.8.1";
