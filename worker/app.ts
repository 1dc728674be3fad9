import { Hono, type Context } from "hono";
import { cors } from "hono/cors";
import { diskFullError, failedByDisk } from "./disk.ts";
import { bearerOf } from "./keys.ts";
import { contentLabel } from "./content-host.ts";
import type { Env } from "./env.ts";
import { StatusError } from "../durable-objects/engine/machinery/status.ts";
import { EdgeError, edgeErrorResponse, statusResponse } from "./errors.ts";
import { handlerOf } from "./handler.ts";
import { logged } from "./log.ts";
import { withinEdgeLimit } from "./edge-limit.ts";
import { apiTokenRoutes } from "./routes/api-tokens.ts";
import { apiDocument, apiPage } from "./routes/document.ts";
import { changesRoutes } from "./routes/changes.ts";
import { kube } from "./routes/kube.ts";
import { embed, embedScript } from "./routes/embed.ts";
import { page } from "./routes/page.ts";
import { accountRoutes } from "./routes/account.ts";
import { keyRoutes } from "./routes/keys.ts";
import { meRoutes } from "./routes/me.ts";
import { memberRoutes } from "./routes/members.ts";
import { passkeyRoutes } from "./routes/passkeys.ts";
import { oembedRoutes } from "./routes/oembed.ts";
import { ownHost, preview, previewRoutes } from "./routes/preview.ts";
import { forkRoutes } from "./routes/forks.ts";
import { presenceRoutes } from "./routes/presence.ts";
import { pastRoutes } from "./routes/past.ts";
import { snapshotRoutes } from "./routes/snapshots.ts";
import { snapshotViewRoutes } from "./routes/snapshot-views.ts";
import { labRoutes } from "./routes/labs.ts";
import { scenarioDraftRoutes } from "./routes/scenario-drafts.ts";
import { scenarioRoutes } from "./routes/scenarios.ts";
import { sandboxRoutes } from "./routes/sandboxes.ts";
import { terminalRoutes } from "./routes/terminals.ts";
import { signInRoutes } from "./routes/sign-in.ts";
import type { Row } from "./route.ts";

/** The service's own API, read top to bottom: method, path, who may, shapes, handler. A route that is not here does not exist. */
export const routes: readonly Row[] = [
  ...sandboxRoutes,
  ...forkRoutes,
  ...pastRoutes,
  ...presenceRoutes,
  ...changesRoutes,
  ...snapshotRoutes,
  ...snapshotViewRoutes,
  ...scenarioRoutes,
  ...scenarioDraftRoutes,
  ...labRoutes,
  ...keyRoutes,
  ...memberRoutes,
  ...previewRoutes,
  ...terminalRoutes,
  ...signInRoutes,
  ...meRoutes,
  ...oembedRoutes((request, env, context) => app.fetch(request, env, context)),
  ...passkeyRoutes,
  ...accountRoutes,
  ...apiTokenRoutes,
];

export const app = new Hono<{ Bindings: Env }>();

app.use("*", logged, withinEdgeLimit);

// Hosts of users' content come first: nothing below is answered there.
app.use("*", async (c, next) => {
  const label = contentLabel(c.env, new URL(c.req.url));
  return label === undefined ? next() : ownHost(c, label);
});

for (const path of ["/api/*", "/apis/*", "/openapi/*", "/version", "/sandboxes/*"]) {
  app.use(path, async (c, next) => {
    const origin = c.env.CORS_ORIGINS.split(",").filter(Boolean);
    return origin.length > 0 ? cors({ origin })(c, next) : next();
  });
}

/** With a token the cluster is asked, without one the service. */
const withToken = (c: Context<{ Bindings: Env }>): boolean =>
  bearerOf(c.req.raw.headers) !== undefined;

for (const path of ["/healthz", "/livez", "/readyz"]) {
  app.get(path, async (c) => (withToken(c) ? kube(c) : c.text("ok")));
}

const everyMethod = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
for (const row of routes) {
  app.on(row.kube ? everyMethod : [row.method], [row.path], handlerOf(row, routes));
}
for (const noun of ["sandboxes", "snapshots", "scenarios", "me", "sign-in", "invitations"]) {
  app.all(`/api/${noun}/*`, noSuchPath);
}

app.get("/api/openapi.json", apiDocument);
app.get("/api", apiPage);

app.all("/sandboxes/:id/preview/*", preview);
app.all("/sandboxes/:id", kube);
app.all("/sandboxes/:id/*", kube);

// Kubernetes' own paths at the root: the token alone says whose cluster it is.
for (const path of ["/api", "/api/v1/*", "/apis/*", "/version", "/openapi/*", "/metrics/*"]) {
  app.all(path, kube);
}
for (const path of ["/healthz/*", "/livez/*", "/readyz/*", "/openid/*", "/logs/*"]) {
  app.all(path, kube);
}
app.all("/.well-known/openid-configuration", kube);

// Whatever else a client of the cluster asks is the cluster's to refuse; browsers send no token to the page.
app.use("*", (c, next) => (withToken(c) ? kube(c) : next()));
app.all("/api/*", noSuchPath);
app.get("/embed.js", embedScript);
app.get("/embed/*", embed);
app.get("*", page);

function noSuchPath(): never {
  throw new EdgeError(404, "there is no such path; see /api/sandboxes");
}

app.onError(async (error, c) => {
  if (error instanceof EdgeError) return edgeErrorResponse(error);
  if (error instanceof StatusError) return statusResponse(error);
  if (await failedByDisk(c.env, error)) return edgeErrorResponse(diskFullError());
  console.error({ event: "request failed", error: String(error) });
  return edgeErrorResponse(new EdgeError(500, "internal error"));
});
