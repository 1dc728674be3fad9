/** All functions, by name. A row's declaration is in library-facts.json. */
import { authorizerFunctions } from "./authorizer.ts";
import { conversionFunctions } from "./conversions.ts";
import { formatFunctions } from "./formats.ts";
import { stringFormatFunctions } from "./format-string.ts";
import type { CelFunctions } from "./function.ts";
import { listFunctions } from "./lists.ts";
import { networkFunctions } from "./network.ts";
import { operatorFunctions } from "./operators.ts";
import { optionalFunctions } from "./optionals.ts";
import { quantityFunctions } from "./quantities.ts";
import { regexFunctions } from "./patterns.ts";
import { stringFunctions } from "./strings.ts";
import { timeFunctions } from "./times.ts";
import { urlFunctions } from "./urls.ts";
import { versionFunctions } from "./semver.ts";

const groups: readonly CelFunctions[] = [
  operatorFunctions,
  conversionFunctions,
  stringFunctions,
  stringFormatFunctions,
  listFunctions,
  regexFunctions,
  timeFunctions,
  optionalFunctions,
  quantityFunctions,
  versionFunctions,
  networkFunctions,
  urlFunctions,
  formatFunctions,
  authorizerFunctions,
];

/** Functions of one name in several groups: the first that is for such values answers. */
function merged(): CelFunctions {
  const all: Record<string, CelFunctions[string]> = {};
  for (const group of groups) {
    for (const [name, run] of Object.entries(group)) {
      const known = all[name];
      all[name] = known
        ? (args, meter, overload) => known(args, meter, overload) ?? run(args, meter, overload)
        : run;
    }
  }
  return all;
}

export const functions: CelFunctions = merged();
