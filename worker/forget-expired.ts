import { forgetExpired } from "./db/sandboxes.ts";
import { forgetMs, graveMs } from "./limits.ts";
import type { Call } from "./route.ts";

/** When this isolate last had the database forget what has run out; on one's own machine no cron trigger does. */
let forgottenAtMs = 0;

/** After the answer, once in a while. */
export function forgetSometimes(call: Call): void {
  const { env, now } = call;
  if (now - forgottenAtMs < forgetMs && now >= forgottenAtMs) return;
  forgottenAtMs = now;
  call.later(forgetExpired(env.DB, now - graveMs, now));
}
