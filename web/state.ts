import { signal } from "@preact/signals";
import { createSandbox, deleteSandbox, openSandbox, type Sandbox } from "./api.ts";

/** The page's whole state. The sandbox is kept in the address (`#/ID/SECRET`), so a reload or a bookmark opens it. */

export const sandbox = signal<Sandbox | undefined>(undefined);
export const busy = signal<"opening" | "making" | "deleting" | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);

const remembered = "podyard.sandbox";

/** Opens the sandbox of the address, or else the one this browser made last. */
export async function restore(): Promise<void> {
  const place = /^#\/([a-z2-7]{26})\/(podyard_[\w-]{43})$/;
  const known = place.exec(location.hash) ?? place.exec(localStorage.getItem(remembered) ?? "");
  if (!known) return;
  await during("opening", async () => {
    const found = await openSandbox(known[1]!, known[2]!);
    if (found) show(found);
    else leave("That sandbox has expired or was deleted.");
  });
}

export async function make(): Promise<void> {
  await during("making", async () => show(await createSandbox()));
}

export async function remove(): Promise<void> {
  const current = sandbox.value;
  if (!current) return;
  await during("deleting", async () => {
    await deleteSandbox(current);
    leave();
  });
}

/** The sandbox turned out to be gone. */
export function leave(why?: string): void {
  sandbox.value = undefined;
  localStorage.removeItem(remembered);
  history.replaceState(null, "", location.pathname);
  problem.value = why;
}

function show(found: Sandbox): void {
  sandbox.value = found;
  const place = `#/${found.id}/${found.secret}`;
  history.replaceState(null, "", place);
  localStorage.setItem(remembered, place);
}

async function during(
  what: "opening" | "making" | "deleting",
  work: () => Promise<void>,
): Promise<void> {
  busy.value = what;
  problem.value = undefined;
  try {
    await work();
  } catch (error) {
    problem.value = error instanceof Error ? error.message : String(error);
  } finally {
    busy.value = undefined;
  }
}
