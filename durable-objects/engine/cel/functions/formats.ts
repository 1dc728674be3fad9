/** Named formats of texts. k8s: apiserver/pkg/cel/library/format.go */
import { decodeBase64Error } from "../../machinery/base64.ts";
import { labelValue, nameRules, qualifiedName } from "../../machinery/names.ts";
import { dateOf, timestampOf } from "../time.ts";
import { structType } from "../types.ts";
import { OpaqueValue, Optional } from "../values.ts";
import type { CelFunctions } from "./function.ts";
import { listOfTexts } from "./operators.ts";
import { requestUriProblem } from "./urls.ts";

const formatType = structType("kubernetes.NamedFormat");

export class Format extends OpaqueValue {
  readonly type = formatType;
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
  equals(other: this): boolean {
    return this.name === other.name;
  }
}

const good =
  (holds: (text: string) => boolean, wrong: string) =>
  (text: string): readonly string[] =>
    holds(text) ? [] : [wrong];

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const { label, subdomain, dns1035 } = nameRules;

/** What is wrong with a text, by the format's name. */
const formats: Readonly<Record<string, (text: string) => readonly string[]>> = {
  dns1123Label: (text) => label(text, false),
  dns1123Subdomain: (text) => subdomain(text, false),
  dns1035Label: (text) => dns1035(text, false),
  qualifiedName,
  dns1123LabelPrefix: (text) => label(text, true),
  dns1123SubdomainPrefix: (text) => subdomain(text, true),
  dns1035LabelPrefix: (text) => dns1035(text, true),
  labelValue,
  uri: (text) => {
    const problem = requestUriProblem(text);
    return problem === undefined ? [] : [problem];
  },
  uuid: good((text) => uuid.test(text), "does not match the UUID format"),
  byte: good((text) => decodeBase64Error(text) === undefined, "invalid base64"),
  date: good((text) => dateOf(text) !== undefined, "invalid date"),
  datetime: good((text) => timestampOf(text) !== undefined, "invalid datetime"),
};

/** How long the pattern counts as. */
export const formatRegexSizes: Readonly<Record<string, number>> = {
  dns1123Label: 30,
  dns1123Subdomain: 60,
  dns1035Label: 30,
  qualifiedName: 60,
  dns1123LabelPrefix: 30,
  dns1123SubdomainPrefix: 60,
  dns1035LabelPrefix: 30,
  labelValue: 40,
  uri: 1103,
  uuid: 70,
  byte: 84,
  date: 71,
  datetime: 71,
};

const named: CelFunctions = Object.fromEntries(
  Object.keys(formats).map((name) => [`format.${name}`, () => new Format(name)]),
);

export const formatFunctions: CelFunctions = {
  ...named,
  "format.named": ([name]) => {
    if (typeof name !== "string") return undefined;
    return Object.hasOwn(formats, name) ? new Optional(new Format(name)) : Optional.none;
  },
  validate: ([format, text]) => {
    if (!(format instanceof Format) || typeof text !== "string") return undefined;
    const problems = formats[format.name]!(text);
    return problems.length === 0 ? Optional.none : new Optional(listOfTexts(problems));
  },
};
