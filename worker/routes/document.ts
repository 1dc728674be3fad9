import { bearerOf } from "../keys.ts";
import type { EdgeContext } from "../route.ts";
import { factsOf } from "../log.ts";
import { kube } from "./kube.ts";
import { page } from "./page.ts";

/** The service's own description, made at build (scripts/generate-api-document.ts): nothing wakes for it. */
export const apiDocument = (c: EdgeContext): Promise<Response> => {
  factsOf(c.req.raw).route = "/api/openapi.json";
  return page(c);
};

/** The same for people. Clients of Kubernetes ask this path for something else: they show a key, or do not want a page. */
export async function apiPage(c: EdgeContext): Promise<Response> {
  const wantsPage = (c.req.header("accept") ?? "").includes("text/html");
  if (!wantsPage || bearerOf(c.req.raw.headers) !== undefined) return kube(c);
  factsOf(c.req.raw).route = "/api";
  return page(c);
}
