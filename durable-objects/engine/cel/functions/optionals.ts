/** Values that may not be there. cel-go: cel/library.go optionalLib */
import { isZero, Items, ListValue, Optional, type Value } from "../values.ts";
import { valueText } from "../value-text.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

const ofOptional =
  (run: (optional: Optional) => Value): CelFunction =>
  ([optional]) =>
    optional instanceof Optional ? run(optional) : undefined;

const unwrap: CelFunction = ([list]) => {
  if (!(list instanceof ListValue)) return undefined;
  const out: Value[] = [];
  for (const one of list) {
    if (!(one instanceof Optional)) return failed(`value ${valueText(one)} is not optional`);
    if (one.value !== undefined) out.push(one.value);
  }
  return new Items(out);
};

const end =
  (last: boolean): CelFunction =>
  ([list]) => {
    if (!(list instanceof ListValue)) return undefined;
    return list.size === 0 ? Optional.none : new Optional(list.at(last ? list.size - 1 : 0));
  };

export const optionalFunctions: CelFunctions = {
  "optional.of": ([value]) => new Optional(value),
  "optional.ofNonZeroValue": ([value]) => (isZero(value!) ? Optional.none : new Optional(value)),
  "optional.none": () => Optional.none,
  hasValue: ofOptional(({ value }) => value !== undefined),
  value: ofOptional(({ value }) =>
    value === undefined ? failed("optional.none() dereference") : value,
  ),
  or: ([a, b]) => (a instanceof Optional ? (a.value === undefined ? b! : a) : undefined),
  orValue: ([a, b]) => (a instanceof Optional ? (a.value === undefined ? b! : a.value) : undefined),
  "optional.unwrap": unwrap,
  unwrapOpt: unwrap,
  first: end(false),
  last: end(true),
};
