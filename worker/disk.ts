import { diskFull, diskFullMessage, saysDiskFull } from "../durable-objects/disk.ts";
import type { Env } from "./env.ts";
import { EdgeError, edgeErrorResponse, statusResponse } from "./errors.ts";
import { diskCheckMs } from "./limits.ts";

/** Whether a failure is the disk's. Where the starter watches the disk it is asked too: the database says "internal error". */
export const failedByDisk = async (env: Env, error: unknown): Promise<boolean> =>
  (await watcherSaysFull(env)) || saysDiskFull(error);

export const diskFullError = (): EdgeError => new EdgeError(507, diskFullMessage);

let checkedAtMs = 0;
let wasFull = false;

/**
 * Refuses what would write while the disk is full, so that the room that the starter has set aside is left for reading
 * (scripts/disk-reserve.ts). Deleting a sandbox or a key makes room, or must not wait.
 */
export async function refuseWhenFull(request: Request, env: Env): Promise<Response | undefined> {
  if (/^(GET|HEAD|OPTIONS)$/.test(request.method) || !env.DISK) return undefined;
  const manages = new URL(request.url).pathname.startsWith("/api/sandboxes");
  if (manages && request.method === "DELETE") return undefined;
  const now = Date.now();
  if (now - checkedAtMs >= diskCheckMs || now < checkedAtMs) {
    checkedAtMs = now;
    wasFull = await watcherSaysFull(env);
  }
  if (!wasFull) return undefined;
  return manages ? edgeErrorResponse(diskFullError()) : statusResponse(diskFull());
}

async function watcherSaysFull({ DISK }: Env): Promise<boolean> {
  if (!DISK) return false;
  return (await DISK.fetch("https://disk/full")).ok;
}
