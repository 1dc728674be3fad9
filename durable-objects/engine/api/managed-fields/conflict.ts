/** Conflicts of an apply. k8s: apimachinery/pkg/util/managedfields/internal/conflict.go */
import { fieldErrorsMax } from "../../core/limits.ts";
import { goQuote } from "../../machinery/field.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Share } from "./entries.ts";
import { forEachPath, hasPath, printPath, type FieldSet, type Path } from "./field-set.ts";

export interface Conflict {
  /** Identifier of the manager that owns the path. */
  readonly id: string;
  readonly share: Share;
  readonly path: Path;
}

/** Managers by identifier, each one's paths in the order of its set. */
export function conflictsOf(sets: ReadonlyMap<string, readonly [Share, FieldSet]>): Conflict[] {
  const out: Conflict[] = [];
  for (const id of [...sets.keys()].sort()) {
    const [share, set] = sets.get(id) as readonly [Share, FieldSet];
    forEachPath(set, (path) => out.push({ id, share, path }));
  }
  return out;
}

export const conflictsOutside = (conflicts: readonly Conflict[], allowed: FieldSet): Conflict[] =>
  conflicts.filter(({ path }) => !hasPath(allowed, path));

/** An updater's time is no part of its identity, so upstream never prints one. */
function printManager({ manager, operation, apiVersion, subresource }: Share): string {
  let text = goQuote(manager);
  if (subresource) text += ` with subresource ${goQuote(subresource)}`;
  return operation === "Update" ? `${text} using ${apiVersion}` : text;
}

function message(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${printManager(first.share)}: ${printPath(first.path)}`;
  }
  const lines: string[] = [];
  let previous: string | undefined;
  for (const { id, share, path } of conflicts.slice(0, fieldErrorsMax)) {
    if (id !== previous) lines.push(`conflicts with ${printManager(share)}:`);
    previous = id;
    lines.push(`- ${printPath(path)}`);
  }
  if (conflicts.length > fieldErrorsMax) {
    lines.push(`the first ${fieldErrorsMax} of ${conflicts.length} conflicts are shown`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

/** 409 with one cause per path, for the first ones. k8s: apimachinery/pkg/api/errors NewApplyConflict */
export function applyConflict(conflicts: readonly Conflict[]): StatusError {
  return new StatusError(409, "Conflict", message(conflicts), {
    causes: conflicts.slice(0, fieldErrorsMax).map(({ share, path }) => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${printManager(share)}`,
      field: printPath(path),
    })),
  });
}
