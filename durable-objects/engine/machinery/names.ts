/**
 * Rules for names and other short texts: each returns upstream's messages, none when the text is fine.
 * k8s: apimachinery/pkg/util/validation/validation.go, apimachinery/pkg/api/validate/content
 */
import { type FieldError, goQuote, invalid, renderValue, required } from "./field.ts";

/** Messages about a text; empty when it is valid. */
export type Messages = readonly string[];
const fine: Messages = Object.freeze([]);

/** Bytes of a text in UTF-8, as Go's len counts. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    if (code < 0x800) bytes += 1;
    else bytes += 2;
    // Both halves of a surrogate pair together are four bytes.
    if (code >= 0xd800 && code < 0xdc00) i++;
  }
  return bytes;
}

/** The newer helpers of upstream (label keys and values) count bytes, the older say characters. */
export const maxLengthText = (max: number): string => `must be no more than ${max} characters`;
const maxBytesText = (max: number): string => `must be no more than ${max} bytes`;
export const rangeText = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`;
export const emptyText = "must be non-empty";
export const negativeText = "must be greater than or equal to 0";
export const notPositiveText = "must be greater than zero";
export const notIntegerText = "must be an integer";
export const immutableText = "field is immutable";

/** k8s: RegexError */
export function regexText(message: string, format: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${format}')`;
  const shown = examples.map((e) => `'${e}', `).join(" or ");
  return `${message} (e.g. ${shown}regex used for validation is '${format}')`;
}

const labelFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const labelText = regexText(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  labelFormat,
  "my-name",
  "123-abc",
);
const labelRegex = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

const subdomainFormat = `${labelFormat}(\\.${labelFormat})*`;
const subdomainText = regexText(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomainFormat,
  "example.com",
);
const subdomainRegex = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** RFC 1123 label, at most 63. k8s: IsDNS1123Label */
export function dns1123Label(value: string): Messages {
  if (value.length <= 63 && labelRegex.test(value)) return fine;
  const messages: string[] = [];
  if (byteLength(value) > 63) messages.push(maxLengthText(63));
  if (!labelRegex.test(value))
    messages.push(subdomainRegex.test(value) ? "must not contain dots" : labelText);
  return messages;
}

/** RFC 1123 subdomain, at most 253. k8s: IsDNS1123Subdomain */
export function dns1123Subdomain(value: string): Messages {
  if (value.length <= 253 && subdomainRegex.test(value)) return fine;
  const messages: string[] = [];
  if (byteLength(value) > 253) messages.push(maxLengthText(253));
  if (!subdomainRegex.test(value)) messages.push(subdomainText);
  return messages;
}

const underscoreLabelFormat = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const underscoreSubdomainFormat = `${underscoreLabelFormat}(\\.${underscoreLabelFormat})*`;
const underscoreSubdomainRegex = new RegExp(`^${underscoreSubdomainFormat}$`);

/** Subdomain that may carry underscores, as DNS search paths do. k8s: IsDNS1123SubdomainWithUnderscore */
export function dns1123SubdomainWithUnderscore(value: string): Messages {
  const messages: string[] = [];
  if (byteLength(value) > 253) messages.push(maxLengthText(253));
  if (!underscoreSubdomainRegex.test(value))
    messages.push(
      regexText(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
        underscoreSubdomainFormat,
        "example.com",
      ),
    );
  return messages;
}

const dns1035Format = "[a-z]([-a-z0-9]*[a-z0-9])?";
const dns1035Regex = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;

/** RFC 1035 label: must start with a letter. k8s: IsDNS1035Label */
export function dns1035Label(value: string): Messages {
  const messages: string[] = [];
  if (byteLength(value) > 63) messages.push(maxLengthText(63));
  if (!dns1035Regex.test(value))
    messages.push(
      regexText(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        dns1035Format,
        "my-name",
        "abc-123",
      ),
    );
  return messages;
}

const wildcardRegex = new RegExp(`^\\*\\.${subdomainFormat}$`);

/** `*.example.com`. k8s: IsWildcardDNS1123Subdomain */
export function wildcardSubdomain(value: string): Messages {
  const messages: string[] = [];
  if (byteLength(value) > 253) messages.push(maxLengthText(253));
  if (!wildcardRegex.test(value))
    messages.push(
      regexText(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        `\\*\\.${subdomainFormat}`,
        "*.example.com",
      ),
    );
  return messages;
}

const keyFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const keyRegex = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const keyText = regexText(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  keyFormat,
  "MyName",
  "my.name",
  "123-abc",
);

/** Label key, finalizer, resource name: `[prefix/]name`. k8s: content.IsLabelKey */
export function qualifiedName(value: string): Messages {
  if (value.length <= 63 && keyRegex.test(value)) return fine;
  const parts = value.split("/");
  if (parts.length > 2)
    return [
      `a valid label key ${keyText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const messages: string[] = [];
  const name = parts[parts.length - 1] ?? "";
  if (parts.length === 2) {
    const prefix = parts[0] ?? "";
    if (prefix === "") messages.push(`prefix part ${emptyText}`);
    else
      for (const m of dns1123Subdomain(prefix))
        // This rule stands in upstream's newer package, which counts bytes.
        messages.push(`prefix part ${m === maxLengthText(253) ? maxBytesText(253) : m}`);
  }
  if (name === "") messages.push(`name part ${emptyText}`);
  else if (byteLength(name) > 63) messages.push(`name part ${maxBytesText(63)}`);
  if (!keyRegex.test(name)) messages.push(`name part ${keyText}`);
  return messages;
}

const labelValueText = regexText(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${keyFormat})?`,
  "MyValue",
  "my_value",
  "12345",
);

/** k8s: content.IsLabelValue */
export function labelValue(value: string): Messages {
  if (value === "" || (value.length <= 63 && keyRegex.test(value))) return fine;
  const messages: string[] = [];
  if (byteLength(value) > 63) messages.push(maxBytesText(63));
  if (!keyRegex.test(value)) messages.push(labelValueText);
  return messages;
}

/** k8s: IsValidPortNum */
export const portNumber = (port: number): Messages =>
  Number.isInteger(port) && port >= 1 && port <= 65535 ? fine : [rangeText(1, 65535)];

/** k8s: IsInRange */
export const inRange = (value: number, low: number, high: number): Messages =>
  value >= low && value <= high ? fine : [rangeText(low, high)];

/** User and group ids: unsigned 32 bit. k8s: IsValidUserID, IsValidGroupID */
export const userOrGroupId = (id: number): Messages => inRange(id, 0, 2 ** 31 - 1);

/** Port names (IANA_SVC_NAME). k8s: IsValidPortName */
export function portName(name: string): Messages {
  const messages: string[] = [];
  if (byteLength(name) > 15) messages.push(maxLengthText(15));
  if (!/^[-a-z0-9]+$/.test(name))
    messages.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(name)) messages.push("must contain at least one letter (a-z)");
  if (name.includes("--")) messages.push("must not contain consecutive hyphens");
  if (name.startsWith("-") || name.endsWith("-"))
    messages.push("must not begin or end with a hyphen");
  return messages;
}

/** `25%`. k8s: IsValidPercent */
export const percent = (value: string): Messages =>
  /^[0-9]+%$/.test(value)
    ? fine
    : [
        regexText(
          "a valid percent string must be a numeric string followed by an ending '%'",
          "[0-9]+%",
          "1%",
          "93%",
        ),
      ];

/** k8s: IsHTTPHeaderName */
export const httpHeaderName = (value: string): Messages =>
  /^[-A-Za-z0-9]+$/.test(value)
    ? fine
    : [
        regexText(
          "a valid HTTP header must consist of alphanumeric characters or '-'",
          "[-A-Za-z0-9]+",
          "X-Header-Name",
        ),
      ];

/** Any printable ASCII but "=". k8s: IsRelaxedEnvVarName */
export function envVarName(value: string): Messages {
  const messages: string[] = [];
  if (value === "") messages.push(`environment variable name ${emptyText}`);
  if (!/^[ -<>-~]*$/.test(value))
    messages.push(
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
    );
  return messages;
}

/** C identifier. k8s: content.IsCIdentifier */
export const cIdentifier = (value: string): Messages =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(value)
    ? fine
    : [
        regexText(
          "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
          "[A-Za-z_][A-Za-z0-9_]*",
          "my_name",
          "MY_NAME",
          "MyName",
        ),
      ];

/** Key of a ConfigMap or Secret. k8s: IsConfigMapKey */
export function configMapKey(value: string): Messages {
  const messages: string[] = [];
  if (byteLength(value) > 253) messages.push(maxLengthText(253));
  if (!/^[-._a-zA-Z0-9]+$/.test(value))
    messages.push(
      regexText(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        "[-._a-zA-Z0-9]+",
        "key.name",
        "KEY_NAME",
        "key-name",
      ),
    );
  if (value === ".") messages.push("must not be '.'");
  else if (value === "..") messages.push("must not be '..'");
  else if (value.startsWith("..")) messages.push("must not start with '..'");
  return messages;
}

/** Names that only need to fit into a URL path (RBAC). k8s: api/validation/path IsValidPathSegmentName */
export function pathSegmentName(name: string, prefix = false): Messages {
  if (!prefix && (name === "." || name === "..")) return [`may not be '${name}'`];
  const messages: string[] = [];
  for (const bad of ["/", "%"]) if (name.includes(bad)) messages.push(`may not contain '${bad}'`);
  return messages;
}

/** Checks a name; with `prefix` it is a generateName, so a trailing dash is fine. */
export type NameRule = (name: string, prefix: boolean) => Messages;

/** k8s: maskTrailingDash */
const masked = (name: string): string =>
  name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name;

/** The rules of Kind.nameRule. k8s: api/validation/generic.go */
export const nameRules: Record<"subdomain" | "label" | "dns1035" | "path-segment", NameRule> = {
  subdomain: (name, prefix) => dns1123Subdomain(prefix ? masked(name) : name),
  label: (name, prefix) => dns1123Label(prefix ? masked(name) : name),
  dns1035: (name, prefix) => dns1035Label(prefix ? masked(name) : name),
  "path-segment": pathSegmentName,
};

/** One FieldValueInvalid per message. */
export function invalidEach(field: string, value: unknown, messages: Messages): FieldError[] {
  return messages.length === 0 ? [] : messages.map((m) => invalid(field, value, m));
}

/** NotSupported with the values in the given order, as upstream's literal lists print (its sets are sorted). */
export const unsupported = (
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError => ({
  type: "FieldValueNotSupported",
  field,
  message: `Unsupported value: ${renderValue(value)}: supported values: ${supported.map(goQuote).join(", ")}`,
});

/** A required choice: absent or one of `supported`. */
export function oneOf(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  if (!value) return [required(field)];
  return supported.includes(value) ? [] : [unsupported(field, value, supported)];
}

/** Domain with at least three segments, as signer names have. k8s: IsFullyQualifiedName */
export function fullyQualifiedName(field: string, name: string): FieldError[] {
  if (name === "") return [required(field)];
  const messages = dns1123Subdomain(name);
  if (messages.length > 0) return [invalid(field, name, messages.join(","))];
  if (name.split(".").length < 3)
    return [
      invalid(field, name, "should be a domain with at least three segments separated by dots"),
    ];
  return [];
}

/** `acme.io/foo`. k8s: IsDomainPrefixedPath */
export function domainPrefixedPath(field: string, value: string): FieldError[] {
  if (value === "") return [required(field)];
  const slash = value.indexOf("/");
  const host = value.slice(0, Math.max(slash, 0));
  const path = value.slice(slash + 1);
  if (slash < 0 || host === "" || path === "")
    return [
      invalid(field, value, `must be a domain-prefixed path (such as ${goQuote("acme.io/foo")})`),
    ];
  const errors = invalidEach(field, host, dns1123Subdomain(host));
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path))
    errors.push(
      invalid(field, path, regexText("Invalid path", "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+")),
    );
  return errors;
}
