import type { Sandbox } from "./db/sandboxes.ts";
import type { Env } from "./env.ts";
import { EdgeError } from "./errors.ts";
import { diskFull } from "../durable-objects/disk.ts";

export interface MomentOptions {
  /** As it was when the turn of this revision ended; undefined: as it is. */
  at: number | undefined;
  /** false: what Secrets hold is left out. */
  secrets: boolean;
}
