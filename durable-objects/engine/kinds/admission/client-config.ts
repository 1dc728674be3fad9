/** How the API server reaches a webhook, validated. k8s: apiserver pkg/util/webhook/validation.go */
import { fieldErrorsMax } from "../../core/limits.ts";
import { at, child, invalid, required, type FieldError } from "../../machinery/field.ts";
import { dns1035Label, dns1123Subdomain, portNumber } from "../../machinery/names.ts";

export interface WebhookClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /** PEM, in base64. */
  caBundle?: string;
}

export function validateClient({ url, service }: WebhookClientConfig, path: string): FieldError[] {
  if ((url === undefined) === (service === undefined))
    return [required(path, "exactly one of url or service is required")];
  if (url !== undefined) return validateUrl(url, child(path, "url"));
  return validateService(service as NonNullable<typeof service>, child(path, "service"));
}

const form = "; desired format: https://host[/path]";

/** As Go's url.Parse takes an address apart. */
function partsOf(url: string) {
  const [whole = "", ...fragments] = url.split("#");
  const [place = "", ...queries] = whole.split("?");
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*(?=:)/.exec(place)?.[0] ?? "";
  const rest = scheme ? place.slice(scheme.length + 1) : place;
  const authority = rest.startsWith("//") ? (rest.slice(2).split("/")[0] ?? "") : "";
  const at = authority.lastIndexOf("@");
  return {
    scheme,
    user: at < 0 ? undefined : authority.slice(0, at),
    host: authority.slice(at + 1),
    query: queries.join("?"),
    fragment: fragments.join("#"),
  };
}

function validateUrl(url: string, path: string): FieldError[] {
  const { scheme, user, host, query, fragment } = partsOf(url);
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== "https")
    errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme${form}`));
  if (!host) errors.push(invalid(path, host, `host must be specified${form}`));
  if (user !== undefined)
    errors.push(invalid(path, user, "user information is not permitted in the URL"));
  if (fragment) errors.push(invalid(path, fragment, "fragments are not permitted in the URL"));
  if (query) errors.push(invalid(path, query, "query parameters are not permitted in the URL"));
  return errors;
}

/** Upstream hands name and namespace over the wrong way round, so that each is missed under the other's name. */
function validateService(
  service: NonNullable<WebhookClientConfig["service"]>,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!service.namespace) errors.push(required(child(path, "name")));
  if (!service.name) errors.push(required(child(path, "namespace")));
  const port = service.port ?? 443;
  const problems = portNumber(port);
  if (problems.length > 0)
    errors.push(invalid(child(path, "port"), port, `port is not valid: ${problems.join(", ")}`));
  return [...errors, ...validatePath(service.path ?? "", child(path, "path"))];
}

function validatePath(text: string, path: string): FieldError[] {
  if (text === "" || text === "/") return [];
  if (text === "//") return [invalid(path, text, "segment[0] may not be empty")];
  const errors: FieldError[] = [];
  if (!text.startsWith("/")) errors.push(invalid(path, text, "must start with a '/'"));
  for (const [i, step] of text.slice(1).replace(/\/$/, "").split("/").entries()) {
    // Each repeats the whole path.
    if (errors.length >= fieldErrorsMax) break;
    if (step === "") errors.push(invalid(path, text, `segment[${i}] may not be empty`));
    else
      for (const problem of dns1123Subdomain(step))
        errors.push(invalid(path, text, `segment[${i}]: ${problem}`));
  }
  return errors;
}

/** Of versions of a review that are named at all. */
export function reviewVersionErrors(
  versions: readonly string[],
  path: string,
  mustKnow = true,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  versions.forEach((version, i) => {
    if (seen.has(version)) {
      errors.push(invalid(at(path, i), version, "duplicate version"));
      return;
    }
    seen.add(version);
    for (const problem of dns1035Label(version))
      errors.push(invalid(at(path, i), version, problem));
  });
  if (mustKnow && !versions.some((version) => version === "v1" || version === "v1beta1"))
    errors.push(invalid(path, versions, "must include at least one of v1, v1beta1"));
  return errors;
}
