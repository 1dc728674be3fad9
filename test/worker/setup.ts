import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

// A runtime takes one file after the other: each begins with nothing stored, and no object in memory.
await reset();
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
