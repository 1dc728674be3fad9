import type { Column } from "../api/tables.ts";
import { toneOf } from "../ui/tone.ts";

/** Whether a row of the server's Table shows something that is not as its author wants it, by its columns alone. */

/** By the column's name, what its cell must not say. `cell`: finds the text of another column of the row. */
const rules: Record<string, (text: string, cell: (name: string) => string) => boolean> = {
  Status: (text) => text !== "" && toneOf(text) !== "good",
  Ready: (text, cell) => isShort(text) || isFewer(text, cell("Desired")),
  Available: (text, cell) => isFewer(text, cell("Desired")),
  Targets: (text) => text.includes("<unknown>"),
  Suspend: (text) => text === "True",
  "Allowed Disruptions": (text) => text === "0",
  "External-IP": (text) => text === "<pending>",
};

/** `1/2` */
const isShort = (text: string): boolean => {
  const [some = "", all = "", more] = text.split("/");
  return more === undefined && isFewer(some, all);
};

const isFewer = (some: string, all: string): boolean =>
  /^\d+$/.test(some) && /^\d+$/.test(all) && Number(some) < Number(all);

/** Its containers have ended, and are not ready for that reason. */
const over = ["Completed", "Succeeded"];

export function isAsWished(columns: readonly Column[], cells: readonly string[]): boolean {
  const at = new Map(columns.map(({ name }, index) => [name, index]));
  const cell = (name: string): string => cells[at.get(name) ?? -1] ?? "";
  if (over.includes(cell("Status"))) return true;
  return columns.every(
    ({ name }) => !(Object.hasOwn(rules, name) && rules[name]!(cell(name), cell)),
  );
}
