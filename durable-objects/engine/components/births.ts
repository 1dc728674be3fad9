import { tellBirth } from "../bootstrap/births.ts";
import type { Sql } from "../core/sql.ts";
import { createComponents, type EngineOptions } from "./wiring.ts";

/** All that births differ by, beside identity and moment. */
export const bornAs = ({ limits }: EngineOptions, nodes: number): string =>
  JSON.stringify([nodes, limits]);

/**
 * Writes a new cluster into empty storage as one like it was born before, for an engine that opens it when it is first asked something;
 * false: an engine must be made now.
 */
export function tellBirthInto(sql: Sql, options: EngineOptions): boolean {
  const { log, birth } = createComponents(sql, options);
  return tellBirth(log, birth, bornAs(options, birth.nodes));
}
