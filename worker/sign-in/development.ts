import type { Env } from "../env.ts";
import type { DevelopmentWay, Identity } from "./way.ts";

/**
 * By a name that one says oneself, for one's own machine. It hangs on the mode, which `npm start` alone makes local: a public
 * deployment cannot have it.
 */
export function developmentWay(env: Env): DevelopmentWay | undefined {
  if (env.MODE !== "local") return undefined;
  return { id: "development", kind: "development", name: "A name (this machine only)" };
}

export const developmentIdentity = (name: string): Identity => ({
  provider: "development",
  subject: name,
  name,
});
