/** Which parts of the desk are seen, as `view=` of the address says it. */

/** `split`: panels and terminal; `terminal`: it alone; else the name of a panel, which is shown alone. */
export type View = string;

const named = /^[a-z][a-z-]{0,31}$/;

/** Undefined: the address says nothing, or nothing that there is. */
export function viewIn(search: string, panels: readonly string[]): View | undefined {
  const view = new URLSearchParams(search).get("view");
  if (view === null || !named.test(view)) return undefined;
  return ["split", "terminal", ...panels].includes(view) ? view : undefined;
}

/** The query with the view in it; the usual one goes without. */
export function withView(search: string, view: View, usual: View): string {
  const query = new URLSearchParams(search);
  if (view === usual) query.delete("view");
  else query.set("view", view);
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** Which of both parts is seen. Somebody without a terminal sees panels alone. */
export function partsOf(view: View, hasTerminal: boolean): { panels: boolean; terminal: boolean } {
  if (!hasTerminal) return { panels: true, terminal: false };
  if (view === "split") return { panels: true, terminal: true };
  if (view === "terminal") return { panels: false, terminal: true };
  return { panels: true, terminal: false };
}

/** A part in percent that leaves room for both sides of a border. */
export const share = (percent: number): number => Math.min(85, Math.max(15, Math.round(percent)));
