import { Hono } from "hono";
import { cors } from "hono/cors";
import { diskFullError, failedByDisk } from "./disk.ts";
import type { Env } from "./env.ts";
import { StatusError } from "../durable-objects/engine/api/status.ts";
import { EdgeError, edgeErrorResponse, statusResponse } from "./errors.ts";
import { kube } from "./routes/kube.ts";
import { page } from "./routes/page.ts";
import { preview, readPreview } from "./routes/preview.ts";
import {
  createKey,
  createSandbox,
  deleteKey,
  deleteSandbox,
  listKeys,
  readSandbox,
} from "./routes/sandboxes.ts";

/** The one route table. */
export const app = new Hono<{ Bindings: Env }>();

for (const path of ["/api/*", "/sandboxes/*"]) {
  app.use(path, async (c, next) => {
    const origin = c.env.CORS_ORIGINS.split(",").filter(Boolean);
    return origin.length > 0 ? cors({ origin })(c, next) : next();
  });
}

app.get("/healthz", (c) => c.text("ok"));

app.post("/api/sandboxes", createSandbox);
app.get("/api/sandboxes/:id", readSandbox);
app.delete("/api/sandboxes/:id", deleteSandbox);
app.post("/api/sandboxes/:id/keys", createKey);
app.get("/api/sandboxes/:id/keys", listKeys);
app.delete("/api/sandboxes/:id/keys/:key", deleteKey);
app.get("/api/sandboxes/:id/preview", readPreview);
app.all("/api/*", () => {
  throw new EdgeError(404, "there is no such path; see /api/sandboxes");
});

app.all("/sandboxes/:id/preview/*", preview);
app.all("/sandboxes/:id", kube);
app.all("/sandboxes/:id/*", kube);

app.get("*", page);

app.onError(async (error, c) => {
  if (error instanceof EdgeError) return edgeErrorResponse(error);
  if (error instanceof StatusError) return statusResponse(error);
  if (await failedByDisk(c.env, error)) return edgeErrorResponse(diskFullError());
  console.error({ event: "request failed", error: String(error) });
  return Response.json({ error: { message: "internal error" } }, { status: 500 });
});
