/** JSON inside annotations, which anybody may have written. */

/** Undefined for what is no JSON: upstream passes over such annotations too. */
export function parseJsonText(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
