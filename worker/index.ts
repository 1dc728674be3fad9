import { app } from "./app.ts";
import { sweep } from "./cron.ts";
import type { Env } from "./env.ts";

export { SandboxObject } from "../durable-objects/object.ts";

export default {
  fetch: app.fetch,
  /** `[triggers]` of wrangler.toml. */
  async scheduled(_event: ScheduledController, env: Env): Promise<void> {
    await sweep(env, Date.now());
  },
};
