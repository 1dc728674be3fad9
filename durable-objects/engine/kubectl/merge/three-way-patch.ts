/**
 * Strategic merge patches from what an object is to what it is to be.
 * k8s: apimachinery/pkg/util/strategicpatch/patch.go diffMaps, diffLists
 */
import type { FieldType, StructType } from "../../schema/types.ts";
import { isObject, jsonEqual, setOwn, type JsonObject } from "../../schema/patch/go-value.ts";
import { goQuote } from "../../machinery/field.ts";
import { Failure } from "../errors.ts";
import { byText, goJson } from "../go/json.ts";

/** The struct at a place; undefined: nothing is known of it, and lists in it are replaced as they are. */
export type KnownStruct = StructType | undefined;

export interface FieldRule {
  strategy: string;
  mergeKey: string;
  retainKeys: boolean;
  place: KnownStruct;
}

function structOf(type: FieldType): KnownStruct {
  if (type.kind === "struct") return type.struct;
  return type.kind === "list" && type.of.kind === "struct" ? type.of.struct : undefined;
}

export function ruleOf(place: KnownStruct, key: string): FieldRule {
  const field = place?.fields.get(key);
  if (!field) return { strategy: "", mergeKey: "", retainKeys: false, place: undefined };
  return {
    strategy: field.patchStrategy.find((one) => one !== "retainKeys") ?? "",
    mergeKey: field.patchMergeKey ?? "",
    retainKeys: field.patchStrategy.includes("retainKeys"),
    place: structOf(field.type),
  };
}

export interface DiffOptions {
  ignoreChanges?: true;
  ignoreDeletions?: true;
  /** The order of lists is told, too. */
  setOrder?: true;
}

const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "list" : typeof value;

const own = (object: JsonObject, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** The patch that makes `modified` of `original`, as far as the options want it. */
export function diffMaps(
  original: JsonObject,
  modified: JsonObject,
  place: KnownStruct,
  options: DiffOptions,
  retainKeys = false,
): JsonObject {
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(modified)) {
    const before = own(original, key);
    if (before === undefined || typeOf(before) !== typeOf(value)) {
      if (!options.ignoreChanges) setOwn(patch, key, value);
    } else if (isObject(value)) {
      diffField(key, before as JsonObject, value, patch, place, options);
    } else if (Array.isArray(value)) {
      diffListField(key, before as unknown[], value, patch, place, options);
    } else if (!options.ignoreChanges && before !== value) setOwn(patch, key, value);
  }
  if (!options.ignoreDeletions)
    for (const key of Object.keys(original))
      if (!Object.hasOwn(modified, key)) setOwn(patch, key, null);
  if (!retainKeys) return patch;
  const kept = Object.keys(modified).filter((key) => modified[key] !== null);
  const more = Object.keys(original).some(
    (key) => original[key] !== null && !Object.hasOwn(modified, key),
  );
  if (kept.length > 0 && (more || Object.keys(patch).length > 0))
    patch["$retainKeys"] = kept.toSorted(byText);
  return patch;
}

function diffField(
  key: string,
  before: JsonObject,
  after: JsonObject,
  patch: JsonObject,
  place: KnownStruct,
  options: DiffOptions,
): void {
  const rule = ruleOf(place, key);
  if (rule.strategy === "replace") {
    if (!options.ignoreChanges) setOwn(patch, key, after);
    return;
  }
  const changes = diffMaps(before, after, rule.place, options, rule.retainKeys);
  if (Object.keys(changes).length > 0) setOwn(patch, key, changes);
}

function diffListField(
  key: string,
  before: unknown[],
  after: unknown[],
  patch: JsonObject,
  place: KnownStruct,
  options: DiffOptions,
): void {
  const rule = ruleOf(place, key);
  if (rule.strategy !== "merge") {
    if (!options.ignoreChanges && !jsonEqual(before, after)) setOwn(patch, key, after);
    return;
  }
  const { add, remove, order } = diffLists(before, after, rule, options);
  if (add.length > 0) setOwn(patch, key, add);
  if (remove.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = remove;
  if (order.length > 0) patch[`$setElementOrder/${key}`] = order;
}

interface ListDiff {
  add: unknown[];
  remove: unknown[];
  order: unknown[];
}

function diffLists(
  before: unknown[],
  after: unknown[],
  rule: FieldRule,
  options: DiffOptions,
): ListDiff {
  if (before.length === 0)
    return { add: options.ignoreChanges ? [] : after, remove: [], order: [] };
  const maps = isObject(before[0]) || isObject(after[0]);
  return maps ? diffItems(before, after, rule, options) : diffScalars(before, after, options);
}

/** fmt's %v */
const plain = (value: unknown): string => (value === null ? "<nil>" : String(value));

function diffScalars(before: unknown[], after: unknown[], options: DiffOptions): ListDiff {
  const [old, now] = [new Set(before), new Set(after)];
  const add = options.ignoreChanges ? [] : after.filter((value) => !old.has(value));
  const gone = options.ignoreDeletions ? [] : [...old].filter((value) => !now.has(value));
  const remove = gone.toSorted((a, b) => byText(plain(a), plain(b)));
  const ordered =
    options.setOrder &&
    ((!options.ignoreDeletions && remove.length > 0) ||
      (!options.ignoreChanges && !jsonEqual(before, after)));
  return { add, remove, order: ordered ? after : [] };
}

function keyed(list: unknown[], mergeKey: string): [string, JsonObject][] {
  const out = list.map((item): [string, JsonObject] => {
    if (!isObject(item)) throw new Failure("expected a map in a list that merges by key");
    if (!Object.hasOwn(item, mergeKey))
      throw new Failure(`map: ${goMap(item)} does not contain declared merge key: ${mergeKey}`);
    return [plain(item[mergeKey]), item];
  });
  return out.toSorted(([a], [b]) => byText(a, b));
}

/** fmt's %v of a map. */
const goMap = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(goMap).join(" ")}]`;
  if (!isObject(value)) return plain(value);
  const pairs = Object.keys(value).toSorted(byText);
  return `map[${pairs.map((key) => `${key}:${goMap(value[key])}`).join(" ")}]`;
};

function diffItems(
  before: unknown[],
  after: unknown[],
  rule: FieldRule,
  options: DiffOptions,
): ListDiff {
  const { mergeKey } = rule;
  const [old, now] = [keyed(before, mergeKey), keyed(after, mergeKey)];
  const changes: JsonObject[] = [];
  const deletions: JsonObject[] = [];
  for (let i = 0, j = 0; i < old.length || j < now.length;) {
    const [oldKey, oldItem] = old[i] ?? [];
    const [newKey, newItem] = now[j] ?? [];
    if (oldItem && newItem && oldKey === newKey) {
      const change = diffMaps(oldItem, newItem, rule.place, options, rule.retainKeys);
      if (Object.keys(change).length > 0)
        changes.push({ ...change, [mergeKey]: newItem[mergeKey] });
      i++;
      j++;
    } else if (newItem && (!oldItem || (oldKey as string) > (newKey as string))) {
      if (!options.ignoreChanges) changes.push(newItem);
      j++;
    } else {
      if (!options.ignoreDeletions)
        deletions.push({ $patch: "delete", [mergeKey]: oldItem?.[mergeKey] });
      i++;
    }
  }
  const place = new Map(after.map((item, at) => [(item as JsonObject)[mergeKey], at]));
  const at = (item: JsonObject): number => place.get(item[mergeKey]) ?? after.length;
  const add = [...changes.toSorted((a, b) => at(a) - at(b)), ...deletions];
  const same =
    before.length === after.length &&
    before.every(
      (item, n) => (item as JsonObject)[mergeKey] === (after[n] as JsonObject)[mergeKey],
    );
  const ordered =
    options.setOrder &&
    ((!options.ignoreChanges && (add.length > 0 || !same)) ||
      (!options.ignoreDeletions && add.length > 0));
  const order = after.map((item) => ({ [mergeKey]: (item as JsonObject)[mergeKey] }));
  return { add, remove: [], order: ordered ? order : [] };
}

/** A key of a patch that is an instruction and no field. */
const isDirective = (key: string): boolean => key.startsWith("$");

/** Two patches in one: deletions, and what is added and changed. */
export function mergePatches(
  deletions: JsonObject,
  delta: JsonObject,
  place: KnownStruct,
): JsonObject {
  const out: JsonObject = { ...deletions };
  for (const [key, value] of Object.entries(delta)) {
    const before = own(out, key);
    if (isDirective(key) || before === undefined || typeOf(before) !== typeOf(value))
      setOwn(out, key, value);
    else if (isObject(value)) {
      const rule = ruleOf(place, key);
      setOwn(out, key, mergePatches(before as JsonObject, value, rule.place));
    } else if (Array.isArray(value) && ruleOf(place, key).strategy === "merge")
      setOwn(out, key, mergeItems(before as unknown[], value, ruleOf(place, key)));
    else setOwn(out, key, value);
  }
  return out;
}

function mergeItems(deletions: unknown[], delta: unknown[], rule: FieldRule): unknown[] {
  const { mergeKey, place } = rule;
  if (!mergeKey) return [...delta, ...deletions.filter((item) => !delta.includes(item))];
  const rest = [...deletions] as JsonObject[];
  const merged = (delta as JsonObject[]).map((item) => {
    const at = rest.findIndex((one) => one[mergeKey] === item[mergeKey]);
    const [found] = at < 0 ? [] : rest.splice(at, 1);
    return found ? mergePatches(found, item, place) : item;
  });
  return [...merged, ...rest];
}

/** A three-way merge patch as its text: deletions are those since `original`, the rest is what `current` lacks. */
export function threeWayPatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  place: KnownStruct,
  overwrite = true,
): string {
  const delta = diffMaps(current, modified, place, { ignoreDeletions: true, setOrder: true });
  const deletions = diffMaps(original, modified, place, { ignoreChanges: true, setOrder: true });
  const patch = mergePatches(deletions, delta, place);
  if (!overwrite) {
    const changed = diffMaps(original, current, place, {});
    if (conflicting(patch, changed, place))
      throw new Failure(
        `patch:\n${goQuote(goJson(patch))}\nconflicts with changes made from original to current:\n${goQuote(goJson(changed))}\n`,
      );
  }
  return goJson(patch);
}

/** Whether two patches want different things of one field. k8s: patch.go MergingMapsHaveConflicts */
function conflicting(left: unknown, right: unknown, place: KnownStruct): boolean {
  if (typeOf(left) !== typeOf(right)) return true;
  if (isObject(left) && isObject(right))
    return Object.keys(left).some((key) => {
      if (isDirective(key) || !Object.hasOwn(right, key)) return false;
      const rule = ruleOf(place, key);
      const [a, b] = [left[key], right[key]];
      if (rule.strategy === "merge" && Array.isArray(a) && Array.isArray(b))
        return (
          rule.mergeKey !== "" &&
          (a as JsonObject[]).some((one) =>
            (b as JsonObject[]).some(
              (two) =>
                one[rule.mergeKey] === two[rule.mergeKey] && conflicting(one, two, rule.place),
            ),
          )
        );
      return conflicting(a, b, rule.place);
    });
  return !jsonEqual(left, right);
}
