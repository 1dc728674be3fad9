/** Patterns, in RE2's syntax. k8s: apiserver/pkg/cel/library/regex.go */
import { re2, type Regex } from "../../regex/re2.ts";
import type { Meter } from "../meter.ts";
import { Items, type Value } from "../values.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

type Matched = (regex: Regex, text: string, meter: Meter, most: number) => Value;

/** With a compiled pattern; `wrong` is what stands before what is wrong with it. */
const matching =
  (wrong: string, run: Matched): CelFunction =>
  ([text, pattern, most = -1n], meter) => {
    if (typeof text !== "string" || typeof pattern !== "string" || typeof most !== "bigint") {
      return undefined;
    }
    const found = re2(pattern);
    if ("error" in found) return failed(wrong + found.error);
    meter.spend(found.units >> 4);
    return run(found, text, meter, Number(most));
  };

/** Go's FindAllString. */
function findAll(regex: Regex, text: string, meter: Meter, most: number): Value {
  const out: Value[] = [];
  const search = regex.search(text, meter);
  let before = -1;
  const isFull = (): boolean => most >= 0 && out.length >= most;
  for (let found = search.next(0); found && !isFull();) {
    // Nothing right behind a match is no match of its own.
    if (found.end > found.index || found.index !== before) out.push(found.group(0)!);
    before = found.end;
    meter.steps(1);
    found = search.next(found.end > found.index ? found.end : found.end + 1);
  }
  return new Items(out);
}

export const regexFunctions: CelFunctions = {
  matches: matching("", (regex, text, meter) => regex.test(text, meter)),
  find: matching("Illegal regex: ", (regex, text, meter) => {
    return regex.find(text, meter)?.group(0) ?? "";
  }),
  findAll: matching("Illegal regex: ", findAll),
};
