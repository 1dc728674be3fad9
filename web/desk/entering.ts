import { signal } from "@preact/signals";
import { placeOf, type Sandbox } from "../api/sandboxes.ts";
import { warm } from "../ui/warm.ts";

/** The sandbox that this page has made last. Undefined: the address says what is shown. */
export const entered = signal<Sandbox | undefined>(undefined);

/** Shows what is being made in place of the page that makes it: to load the page anew would take as long as making it, and tell nothing new. */
export async function enter(making: Promise<Sandbox>): Promise<void> {
  warm();
  const made = await making;
  history.pushState(null, "", placeOf(made));
  entered.value = made;
}
