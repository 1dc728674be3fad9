/** Label, node and field selectors: parsed once, matched often. */
import { at, goQuote, renderValue } from "./field.ts";
import { badRequest } from "./status.ts";

export type Labels = Readonly<Record<string, string>>;

/** Operators as the string form spells them. k8s: apimachinery/pkg/selection/operator.go */
export type Operator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

export interface Requirement {
  key: string;
  operator: Operator;
  /** Sorted for the set operators. */
  values: readonly string[];
}

export interface Selector {
  matches(labels: Labels | undefined): boolean;
  /** Matches everything. */
  readonly empty: boolean;
  /** Matches nothing at all (the object form was absent). */
  readonly nothing: boolean;
  readonly requirements: readonly Requirement[];
  /** Keys that must have exactly one value: what an index can answer. */
  readonly equalities: Labels;
  /** Canonical text: requirements by key, `a=b,c in (d,e),!f`. */
  toString(): string;
}

export interface LabelSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: LabelSelectorRequirement[];
}

const KEY_PATTERN = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const KEY = new RegExp(`^${KEY_PATTERN}$`);
const VALUE = new RegExp(`^(${KEY_PATTERN})?$`);
const SUBDOMAIN_PATTERN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const SUBDOMAIN = new RegExp(`^${SUBDOMAIN_PATTERN}$`);
const KEY_RULE = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${KEY_PATTERN}')`;
const VALUE_RULE = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${KEY_PATTERN})?')`;
const SUBDOMAIN_RULE = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN_PATTERN}')`;

/** What is wrong with a label key. k8s: apimachinery/pkg/api/validate/content/kube.go IsLabelKey */
export function labelKeyErrors(key: string): string[] {
  const errors: string[] = [];
  const parts = key.split("/");
  if (parts.length > 2) {
    return [
      `a valid label key ${KEY_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts[parts.length - 1] ?? "";
  if (parts.length === 2) {
    const prefix = parts[0] ?? "";
    if (!prefix) errors.push("prefix part must be non-empty");
    else {
      if (prefix.length > 253) errors.push("prefix part must be no more than 253 bytes");
      if (!SUBDOMAIN.test(prefix)) errors.push(`prefix part ${SUBDOMAIN_RULE}`);
    }
  }
  if (!name) errors.push("name part must be non-empty");
  else if (name.length > 63) errors.push("name part must be no more than 63 bytes");
  if (!KEY.test(name)) errors.push(`name part ${KEY_RULE}`);
  return errors;
}

/** What is wrong with a label value. k8s: apimachinery/pkg/api/validate/content/kube.go IsLabelValue */
export function labelValueErrors(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 63) errors.push("must be no more than 63 bytes");
  if (!VALUE.test(value)) errors.push(VALUE_RULE);
  return errors;
}

/** Go's strconv.ParseInt(text, 10, 64). */
function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith("+") ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function has(labels: Labels | undefined, key: string): boolean {
  return labels !== undefined && Object.hasOwn(labels, key);
}

/** k8s: apimachinery/pkg/labels/selector.go Requirement.Matches */
export function requirementMatches(requirement: Requirement, labels: Labels | undefined): boolean {
  const { key, operator, values } = requirement;
  const present = has(labels, key);
  const value = present ? (labels as Labels)[key] : undefined;
  switch (operator) {
    case "=":
    case "==":
    case "in":
      return present && values.includes(value as string);
    case "!=":
    case "notin":
      return !present || !values.includes(value as string);
    case "exists":
      return present;
    case "!":
      return !present;
    case "gt":
    case "lt": {
      if (!present || values.length !== 1) return false;
      const left = parseInt64(value as string);
      const right = parseInt64(values[0] as string);
      if (left === undefined || right === undefined) return false;
      return operator === "gt" ? left > right : left < right;
    }
  }
}

const SYMBOL: Partial<Record<Operator, string>> = {
  "=": "=",
  "==": "==",
  "!=": "!=",
  gt: ">",
  lt: "<",
};

function requirementText({ key, operator, values }: Requirement): string {
  if (operator === "exists") return key;
  if (operator === "!") return `!${key}`;
  const list = values.length > 1 ? [...values].sort().join(",") : (values[0] ?? "");
  const symbol = SYMBOL[operator];
  return symbol ? `${key}${symbol}${list}` : `${key} ${operator} (${list})`;
}

const byKey = (a: Requirement, b: Requirement): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : 0;

function compile(unsorted: readonly Requirement[]): Selector {
  const requirements = [...unsorted].sort(byKey);
  const equalities: Record<string, string> = {};
  for (const { key, operator, values } of requirements) {
    const exact = operator === "=" || operator === "==" || operator === "in";
    if (exact && values.length === 1) equalities[key] = values[0] as string;
  }
  let text: string | undefined;
  return {
    matches(labels) {
      for (const requirement of requirements) {
        if (!requirementMatches(requirement, labels)) return false;
      }
      return true;
    },
    empty: requirements.length === 0,
    nothing: false,
    requirements,
    equalities,
    toString: () => (text ??= requirements.map(requirementText).join(",")),
  };
}

export const everything: Selector = compile([]);

export const nothing: Selector = {
  matches: () => false,
  empty: false,
  nothing: true,
  requirements: [],
  equalities: {},
  toString: () => "",
};

/** Texts as `field: Invalid value: ...`; one alone, or several in brackets, each once. */
function aggregate(errors: string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] as string) : `[${distinct.join(", ")}]`;
}

const invalidText = (path: string, value: unknown, detail: string): string =>
  `${path}: Invalid value: ${renderValue(value)}: ${detail}`;

/** k8s: apimachinery/pkg/labels/selector.go NewRequirement */
export function newRequirement(key: string, operator: Operator, values: string[]): Requirement {
  const errors: string[] = [];
  const keyProblems = labelKeyErrors(key);
  if (keyProblems.length) errors.push(invalidText("key", key, keyProblems.join("; ")));
  const complain = (detail: string) =>
    errors.push(invalidText("values", values.length ? values : null, detail));
  if (operator === "in" || operator === "notin") {
    if (!values.length) complain("for 'in', 'notin' operators, values set can't be empty");
  } else if (operator === "exists" || operator === "!") {
    if (values.length) complain("values set must be empty for exists and does not exist");
  } else if (operator === "gt" || operator === "lt") {
    if (values.length !== 1) {
      complain("for 'Gt', 'Lt' operators, exactly one value is required");
    }
    values.forEach((value, i) => {
      if (parseInt64(value) !== undefined) return;
      const detail = "for 'Gt', 'Lt' operators, the value must be an integer";
      errors.push(invalidText(at("values", i), value, detail));
    });
  } else if (values.length !== 1) {
    complain("exact-match compatibility requires one single value");
  }
  values.forEach((value, i) => {
    const problems = labelValueErrors(value);
    if (!problems.length) return;
    errors.push(invalidText(at(at("values", i), key), value, problems.join("; ")));
  });
  if (errors.length) throw badRequest(aggregate(errors));
  return { key, operator, values };
}

const OBJECT_OPERATORS: Record<string, Operator> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
};

/**
 * The object form. Absent selects nothing, empty selects everything.
 * Throws a 400 StatusError whose message is upstream's.
 * k8s: apimachinery/pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector
 */
export function labelSelector(selector: LabelSelector | undefined | null): Selector {
  if (selector === undefined || selector === null) return nothing;
  const cached = compiled.get(selector);
  if (cached) return cached;
  const requirements: Requirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push(newRequirement(key, "=", [value]));
  }
  for (const { key, operator: name, values } of selector.matchExpressions ?? []) {
    const operator = Object.hasOwn(OBJECT_OPERATORS, name) ? OBJECT_OPERATORS[name] : undefined;
    if (!operator) throw badRequest(`${goQuote(name)} is not a valid label selector operator`);
    requirements.push(newRequirement(key, operator, values ?? []));
  }
  const result = requirements.length ? compile(requirements) : everything;
  compiled.set(selector, result);
  return result;
}
/** Objects are immutable, so a selector compiles once per revision of its owner. */
const compiled = new WeakMap<LabelSelector, Selector>();

/** Matches labels equal to every given one, unchecked. k8s: apimachinery/pkg/labels SelectorFromSet */
export function selectorFromSet(labels: Labels | undefined): Selector {
  const entries = Object.entries(labels ?? {});
  if (!entries.length) return everything;
  return compile(entries.map(([key, value]) => ({ key, operator: "=", values: [value] })));
}

const TOKEN = /[ \t\r\n]*(==|!=|[=!(),<>]|[^ \t\r\n=!(),<>]+)/y;
const OPERATOR_TOKENS: Record<string, Operator> = {
  in: "in",
  notin: "notin",
  "=": "=",
  "==": "==",
  "!=": "!=",
  ">": "gt",
  "<": "lt",
};
/** Stands for the end of the text; no token is ever empty. */
const END = "";

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    tokens.push(match[1] as string);
  }
  return tokens;
}

const isIdentifier = (token: string): boolean => token !== END && !/^[=!(),<>]/.test(token);

/** Reads the string form. k8s: apimachinery/pkg/labels/selector.go Parser */
class SelectorParser {
  private readonly tokens: string[];
  private position = 0;
  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const token = this.peek();
      if (token === END) return requirements;
      if (!isIdentifier(token) && token !== "!") {
        throw badRequest(`found '${token}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.requirement());
      const separator = this.next();
      if (separator === END) return requirements;
      if (separator !== ",") {
        throw badRequest(`found '${separator}', expected: ',' or 'end of string'`);
      }
      const following = this.peek();
      if (!isIdentifier(following) && following !== "!") {
        throw badRequest(`found '${following}', expected: identifier after ','`);
      }
    }
  }

  private peek(): string {
    return this.tokens[this.position] ?? END;
  }

  private next(): string {
    return this.tokens[this.position++] ?? END;
  }

  private fail(text: string): never {
    throw badRequest(`unable to parse requirement: ${text}`);
  }

  private requirement(): Requirement {
    let key = this.next();
    const negated = key === "!";
    if (negated) key = this.next();
    if (!isIdentifier(key)) this.fail(`found '${key}', expected: identifier`);
    const problems = labelKeyErrors(key);
    if (problems.length) this.fail(invalidText("<nil>", key, problems.join("; ")));
    if (negated) return this.made(key, "!", []);
    const following = this.peek();
    if (following === END || following === ",") return this.made(key, "exists", []);
    const token = this.next();
    const operator = Object.hasOwn(OPERATOR_TOKENS, token) ? OPERATOR_TOKENS[token] : undefined;
    if (!operator) this.fail(`found '${token}', expected: in, notin, =, ==, !=, gt, lt`);
    const values =
      operator === "in" || operator === "notin" ? this.valueList() : [this.exactValue()];
    return this.made(key, operator, values);
  }

  private made(key: string, operator: Operator, values: string[]): Requirement {
    try {
      return newRequirement(key, operator, values);
    } catch (error) {
      return this.fail((error as Error).message);
    }
  }

  private exactValue(): string {
    const following = this.peek();
    if (following === END || following === ",") return "";
    const token = this.next();
    if (!isIdentifier(token)) this.fail(`found '${token}', expected: identifier`);
    return token;
  }

  /** `(a,b)`; an empty place counts as the empty value: `()`, `(a,)`, `(,a)`. */
  private valueList(): string[] {
    const open = this.next();
    if (open !== "(") this.fail(`found '${open}' expected: '('`);
    const first = this.peek();
    if (first === ")") {
      this.next();
      return [""];
    }
    if (!isIdentifier(first) && first !== ",") {
      this.fail(`found '${first}', expected: ',', ')' or identifier`);
    }
    const values = new Set<string>();
    for (;;) {
      const token = this.next();
      if (isIdentifier(token)) {
        values.add(token);
        const after = this.peek();
        if (after === ")") break;
        if (after !== ",") this.fail(`found '${after}', expected: ',' or ')'`);
      } else if (token === ",") {
        if (!values.size) values.add("");
        const after = this.peek();
        if (after === ")" || after === ",") values.add("");
        if (after === ")") break;
      } else {
        this.fail(`found '${token}', expected: ',', or identifier`);
      }
    }
    this.next();
    return [...values].sort();
  }
}

/** The string form of `?labelSelector=`. Throws a 400 StatusError with upstream's text. */
export function parseLabelSelector(text: string): Selector {
  const requirements = new SelectorParser(text).parse();
  return requirements.length ? compile(requirements) : everything;
}
