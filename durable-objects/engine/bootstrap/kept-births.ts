/** Births that are told again instead of gone through: see core/born-rows.ts. */
import type { Birth } from "../core/birth.ts";
import { bornBefore, BornRows } from "../core/born-rows.ts";
import type { Log } from "../core/log.ts";
import { fnv32a } from "../core/random.ts";
import { aboutOf, type baseObjects } from "./base.ts";

/** A birth ends at a whole second, in which objects tell their moments. */
export const bornAt = ({ bornMs }: Birth): number => Math.floor(bornMs / 1000) * 1000;

/** Into a log that is empty; `what`: all that births differ by, beside identity and moment. Where none was, nothing happens. */
export function tellBirth(log: Log, birth: Birth, what: string): void {
  const kept = log.isEmpty ? bornBefore.get(what) : undefined;
  if (kept) log.begin(kept.of(fnv32a(birth.seed), bornAt(birth)));
}

interface Born {
  readonly log: Log;
  readonly birth: Birth;
  nextDueMs(wallMs: number, seen: boolean): number | undefined;
}

/** Of a birth that was just gone through. `about`: what its uids were drawn about. */
export function keepBirth(
  born: Born,
  what: string,
  base: ReturnType<typeof baseObjects>,
  about: Map<string, number>,
): void {
  const { log, birth } = born;
  // Nobody watches from a moment before the cluster was there.
  log.shed();
  for (const { object } of base) about.set(object.metadata.uid, aboutOf(object));
  const isQuiet = born.nextDueMs(birth.bornMs, true) === undefined;
  bornBefore.keep(what, new BornRows(log.rows(), about, bornAt(birth), isQuiet));
}
