/** Arguments that are resources first and changes after them: `deploy web a=b c-`. k8s: cmd/util/helpers.go */
import { Failure } from "../errors.ts";

const changes = (word: string): boolean =>
  (word.includes("=") && !word.startsWith("=")) || (word.endsWith("-") && word !== "-");

/** k8s: helpers.go GetResourcesAndPairs */
export function resourcesAndPairs(
  args: readonly string[],
  what: string,
  isChange = changes,
): { resources: string[]; pairs: string[] } {
  const out: { resources: string[]; pairs: string[] } = { resources: [], pairs: [] };
  for (const word of args) {
    if (isChange(word)) out.pairs.push(word);
    else if (out.pairs.length === 0) out.resources.push(word);
    else throw new Failure(`all resources must be specified before ${what} changes: ${word}`);
  }
  return out;
}

/** `a=b` and, where that is known, `a-`. k8s: helpers.go ParsePairs */
export function parsePairs(
  pairs: readonly string[],
  what: string,
  removable: boolean,
): { set: Record<string, string>; gone: string[] } {
  const set: Record<string, string> = {};
  const gone: string[] = [];
  const bad: string[] = [];
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at > 0) set[pair.slice(0, at)] = pair.slice(at + 1);
    else if (removable && pair.endsWith("-") && pair !== "-") gone.push(pair.slice(0, -1));
    else bad.push(pair);
  }
  if (bad.length > 0) throw new Failure(`invalid ${what} format: ${bad.join(", ")}`);
  return { set, gone };
}
