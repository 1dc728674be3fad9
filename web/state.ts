import { signal } from "@preact/signals";
import { createSandbox, deleteSandbox, openSandbox, type Sandbox } from "./api.ts";

/**
 * The page's whole state. The sandbox is kept in the address (`/s/ID#k=SECRET`), so a reload or a bookmark opens it. Remembered is only
 * what was made here: a link shows somebody else's sandbox, and takes nobody's own away.
 */

export const sandbox = signal<Sandbox | undefined>(undefined);
/** Whether what is shown was opened by a link, and whether there is an own one to go back to. */
export const foreign = signal<"none" | "only" | "beside own">("none");
export const busy = signal<"opening" | "making" | "deleting" | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);

const remembered = "podyard.sandbox";

/** Opens the sandbox of the address, or else the one this browser made last. */
export async function restore(): Promise<void> {
  const known = place.exec(location.pathname + location.hash) ?? own();
  if (!known) return;
  await during("opening", async () => {
    const found = await openSandbox(known[1]!, known[2]!);
    if (found) show(found);
    else leave("That sandbox has expired or was deleted.", known[1]);
  });
}

const place = /^\/s\/([a-z2-7]{26})#k=(podyard_[\w-]{43})$/;
const own = (): RegExpExecArray | null => place.exec(localStorage.getItem(remembered) ?? "");

/** From somebody else's sandbox to the one this browser made. */
export async function goBack(): Promise<void> {
  history.replaceState(null, "", "/");
  await restore();
}

export async function make(): Promise<void> {
  await during("making", async () => {
    const made = await createSandbox();
    localStorage.setItem(remembered, placeOf(made));
    show(made);
  });
}

export async function remove(): Promise<void> {
  const current = sandbox.value;
  if (!current) return;
  await during("deleting", async () => {
    await deleteSandbox(current);
    leave(undefined, current.id);
  });
}

/** The sandbox turned out to be gone; an own one that is another stays remembered. */
export function leave(why?: string, id = sandbox.value?.id): void {
  sandbox.value = undefined;
  if (own()?.[1] === id) localStorage.removeItem(remembered);
  history.replaceState(null, "", "/");
  problem.value = why;
}

function show(found: Sandbox): void {
  const mine = own()?.[1];
  foreign.value = mine === found.id ? "none" : mine === undefined ? "only" : "beside own";
  sandbox.value = found;
  history.replaceState(null, "", placeOf(found));
}

const placeOf = ({ id, secret }: Sandbox): string => `/s/${id}#k=${secret}`;

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
