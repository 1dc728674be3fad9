import * as v from "valibot";
import { roles, type Role } from "./roles.ts";
import {
  embedOriginsMax,
  keyNameCharsMax,
  nameLengthMax,
  originCharsMax,
  pastRevisionsMax,
  personNameCharsMax,
  seedLengthMax,
  titleCharsMax,
} from "./limits.ts";

/** Shapes that several routes share. Messages begin with the member's name. */

/**
 * Without controls, halves of surrogate pairs, and what is seen by nothing but what it does to others: turns the reading around, or
 * makes two names look as one. Joiners stay, which emoji and whole scripts need.
 */
export const plainText =
  /^[^\u034f\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]*$/u;

/** One line of text, without control characters. */
export const line = (name: string, max: number) =>
  v.pipe(
    v.string(`${name} must be a text`),
    v.trim(),
    v.minLength(1, `${name} must not be empty`),
    v.maxLength(max, `${name} must be at most ${max} characters`),
    v.regex(plainText, `${name} must be one line without control or invisible characters`),
    v.regex(/[\p{L}\p{N}\p{P}\p{S}]/u, `${name} must show something`),
  );

export const title = line("title", titleCharsMax);
export const personName = line("name", personNameCharsMax);
export const keyName = line("name", keyNameCharsMax);

export const role = v.picklist(
  roles as [Role, ...Role[]],
  `role must be one of ${roles.join(", ")}`,
);

export const clusterName = v.pipe(
  v.string(`name must be a text`),
  v.maxLength(nameLengthMax, nameRule()),
  v.regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, nameRule()),
);

function nameRule(): string {
  return `name must be at most ${nameLengthMax} of a-z, 0-9 and "-", with a letter or digit at both ends`;
}

/** Workers; how many at most is the operator's to say. */
export const nodes = v.number("nodes must be a whole number");

const seedRule = `seed must be a whole number or a text of 1 to ${seedLengthMax} characters`;
export const seed = v.union(
  [
    v.pipe(v.number(), v.safeInteger(seedRule)),
    v.pipe(v.string(), v.minLength(1, seedRule), v.maxLength(seedLengthMax, seedRule)),
  ],
  seedRule,
);

export const timestamp = v.pipe(v.string(), v.isoTimestamp());

const originRule = "must be an origin as browsers write it: https://HOST, perhaps with :PORT";

/** Of a page, by name or IPv4 address: a Content-Security-Policy can name no other. */
const origin = v.pipe(
  v.string(originRule),
  v.maxLength(originCharsMax, originRule),
  v.regex(/^https?:\/\/[a-z0-9][a-z0-9.-]*(:\d{1,5})?$/, originRule),
  v.check(isOrigin, originRule),
);

function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}

/** Origins whose pages may show a person's things in frames. Null: all. */
export const embedOrigins = v.nullable(
  v.pipe(
    v.array(origin, "embedOrigins must be a list of origins, or null"),
    v.maxLength(embedOriginsMax, `embedOrigins must be at most ${embedOriginsMax} origins`),
  ),
);

/** RFC 3339. */
export const iso = (ms: number): string => new Date(ms).toISOString();

const pastRule = `past must be a whole number from 0 to ${pastRevisionsMax}`;
/** How much of a sandbox's past goes along, in revisions. */
export const past = v.pipe(
  v.number(pastRule),
  v.integer(pastRule),
  v.minValue(0, pastRule),
  v.maxValue(pastRevisionsMax, pastRule),
);

/** A resourceVersion as a number. */
export const revision = (name: string) => {
  const rule = `${name} must be a revision: a whole number from 1`;
  return v.pipe(v.number(rule), v.safeInteger(rule), v.minValue(1, rule));
};
