/** yq's functions by name. */
import { collectionFunctions } from "./functions-collections.ts";
import { nodeFunctions } from "./functions-nodes.ts";
import { textFunctions } from "./functions-text.ts";
import type { Function } from "./running.ts";

export const functions: ReadonlyMap<string, Function> = new Map<string, Function>([
  ...Object.entries(nodeFunctions),
  ...Object.entries(collectionFunctions),
  ...Object.entries(textFunctions),
]);
