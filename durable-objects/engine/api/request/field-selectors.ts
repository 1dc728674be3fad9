/** Field selectors of list and watch requests, and the selectors of node affinity. */
import { badRequest } from "../../machinery/status.ts";
import { requirementMatches } from "../../machinery/selectors.ts";
import type { Labels, Operator } from "../../machinery/selectors.ts";

export interface FieldTerm {
  field: string;
  operator: "=" | "!=";
  value: string;
}

export interface FieldSelector {
  /** `fields` maps every selectable field of the kind to its text; an absent one counts as "". */
  matches(fields: Readonly<Record<string, string>>): boolean;
  readonly empty: boolean;
  readonly terms: readonly FieldTerm[];
  /** Fields that must have exactly one value: what an index can answer. */
  readonly equalities: Readonly<Record<string, string>>;
  toString(): string;
}

const escapeValue = (value: string): string => value.replace(/[\\,=]/g, (ch) => `\\${ch}`);

/** k8s: apimachinery/pkg/fields/selector.go UnescapeValue */
function unescapeValue(text: string): string {
  let out = "";
  let escaped = false;
  for (const ch of text) {
    if (escaped) {
      if (ch !== "\\" && ch !== "," && ch !== "=") {
        throw badRequest(`invalid field selector: invalid escape sequence: \\${ch}`);
      }
      out += ch;
      escaped = false;
    } else if (ch === "\\") {
      escaped = true;
    } else if (ch === "," || ch === "=") {
      // Go prints the rune as its number.
      throw badRequest(`invalid field selector: unescaped character in value: ${ch.charCodeAt(0)}`);
    } else {
      out += ch;
    }
  }
  if (escaped) throw badRequest("invalid field selector: invalid escape sequence: \\");
  return out;
}

/** Pieces between commas; a comma behind a backslash belongs to its value. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === ",") {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

/** Compiles terms given in canonical order. */
export function fieldSelector(terms: readonly FieldTerm[]): FieldSelector {
  const equalities: Record<string, string> = {};
  for (const { field, operator, value } of terms) {
    if (operator === "=" && !Object.hasOwn(equalities, field)) equalities[field] = value;
  }
  return {
    matches(fields) {
      for (const { field, operator, value } of terms) {
        const actual = Object.hasOwn(fields, field) ? fields[field] : "";
        if ((actual === value) !== (operator === "=")) return false;
      }
      return true;
    },
    empty: terms.length === 0,
    terms,
    equalities,
    toString: () => terms.map((t) => `${t.field}${t.operator}${escapeValue(t.value)}`).join(","),
  };
}

/**
 * Parses `a=b,c!=d`. Throws a 400 StatusError with upstream's text; whether the fields
 * are selectable at all is for the caller to say.
 * k8s: apimachinery/pkg/fields/selector.go ParseSelector
 */
export function parseFieldSelector(text: string): FieldSelector {
  const terms: FieldTerm[] = [];
  for (const term of splitTerms(text).sort()) {
    if (!term) continue;
    const found = /!=|==?/.exec(term);
    if (!found) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const field = term.slice(0, found.index);
    const value = unescapeValue(term.slice(found.index + found[0].length));
    if (field || value) terms.push({ field, operator: found[0] === "!=" ? "!=" : "=", value });
  }
  return fieldSelector(terms);
}

export interface NodeSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

export interface NodeSelectorTerm {
  matchExpressions?: NodeSelectorRequirement[];
  matchFields?: NodeSelectorRequirement[];
}

const NODE_OPERATORS: Record<string, Operator> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
  Gt: "gt",
  Lt: "lt",
};

/** One node affinity expression; one with an unknown operator matches nothing. */
export function nodeRequirementMatches(
  requirement: NodeSelectorRequirement,
  labels: Labels | undefined,
): boolean {
  const { key, operator: name, values } = requirement;
  const operator = Object.hasOwn(NODE_OPERATORS, name) ? NODE_OPERATORS[name] : undefined;
  if (!operator) return false;
  return requirementMatches({ key, operator, values: values ?? [] }, labels);
}

/**
 * All expressions and fields of a term hold; an empty term matches no node.
 * The one field there is: `metadata.name`.
 * k8s: component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go
 */
export function nodeTermMatches(
  term: NodeSelectorTerm,
  labels: Labels | undefined,
  nodeName: string,
): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (!expressions.length && !fields.length) return false;
  return (
    expressions.every((e) => nodeRequirementMatches(e, labels)) &&
    fields.every((f) => nodeRequirementMatches(f, { "metadata.name": nodeName }))
  );
}

/** Any term of a required node affinity holds. */
export function nodeSelectorMatches(
  selector: { nodeSelectorTerms?: NodeSelectorTerm[] },
  labels: Labels | undefined,
  nodeName: string,
): boolean {
  return (selector.nodeSelectorTerms ?? []).some((t) => nodeTermMatches(t, labels, nodeName));
}
