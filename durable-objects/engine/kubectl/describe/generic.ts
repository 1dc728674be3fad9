/** Kinds that have no describer of their own: all that they hold. k8s: kubectl/pkg/describe genericDescriber */
import { goText } from "../go/format.ts";
import { sortedKeys } from "../go/json.ts";
import type { KubeObject } from "../objects.ts";
import type { Describer } from "./describer.ts";
import { writeEvents } from "./events.ts";
import type { Meta, Out } from "./out.ts";
import { eventsOf } from "./reach.ts";

const acronyms = ["API", "URL", "UID", "GUID"];
/** Paths that are not shown, or were. */
const skipped = [".managedFields", ".name", ".namespace", ".labels", ".annotations"].map(
  (field) => `.metadata${field}`,
);

/** Words of a name in camel case. k8s: github.com/fatih/camelcase Split */
const wordsOf = (field: string): string[] =>
  field.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[^\p{Lu}\p{Ll}]+/gu) ?? [];

/** `creationTimestamp` as `Creation Timestamp`. k8s: describe.go smartLabelFor */
export function labelFor(field: string): string {
  if (/[^\p{L}-]/u.test(field)) return field;
  const words: string[] = [];
  for (const word of wordsOf(field)) {
    const last = words.at(-1) ?? "";
    // `podIPs` is no `Pod I Ps`.
    if (last.length >= 2 && last === last.toUpperCase() && /^\p{Lu}/u.test(word))
      words[words.length - 1] = last + word;
    else words.push(word);
  }
  return words
    .map((word) => {
      if (acronyms.includes(word.toUpperCase())) return word.toUpperCase();
      return word === word.toLowerCase() ? word.charAt(0).toUpperCase() + word.slice(1) : word;
    })
    .join(" ");
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function writeContent(out: Out, level: number, content: Record<string, unknown>, at: string): void {
  for (const field of sortedKeys(content)) {
    const path = `${at}.${field}`;
    if (skipped.includes(path)) continue;
    const value = content[field];
    const label = labelFor(field);
    if (isTable(value)) {
      out.lines(level, `${label}:`);
      writeContent(out, level + 1, value, path);
    } else if (Array.isArray(value)) {
      out.lines(level, `${label}:`);
      for (const item of value)
        if (isTable(item)) writeContent(out, level + 1, item, path);
        else out.lines(level + 1, goText(item));
    } else out.field(label, goText(value), level);
  }
}

export const generic: Describer<KubeObject> = function* (settings, object, out) {
  const metadata = (object.metadata ?? {}) as Meta;
  const events = yield* eventsOf(settings, { kind: object.kind ?? "", metadata });
  out.head(metadata);
  writeContent(out, 0, object, "");
  writeEvents(out, events, settings.now);
};
