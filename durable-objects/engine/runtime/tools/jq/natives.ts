/** Functions that are not written in jq, by name and number of arguments. */
import { generators } from "./natives-flow.ts";
import { listNatives } from "./natives-lists.ts";
import { mathNatives } from "./natives-math.ts";
import { regexNatives } from "./natives-regex.ts";
import { textNatives } from "./natives-text.ts";
import { timeNatives } from "./natives-time.ts";
import { definitionsOf } from "./definitions.ts";
import type { Native } from "./native.ts";
import type { Value } from "./values.ts";

export const natives: ReadonlyMap<string, Native> = new Map(
  Object.entries({
    ...generators,
    ...listNatives,
    ...mathNatives,
    ...regexNatives,
    ...textNatives,
    ...timeNatives,
    "builtins/0": {
      one: (): Value =>
        [...natives.keys(), ...definitionsOf.keys()].filter((name) => !name.startsWith("_")),
    },
  }),
);
