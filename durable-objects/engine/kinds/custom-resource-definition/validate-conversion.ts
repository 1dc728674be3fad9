/** How versions become each other. k8s: validateCustomResourceConversion, apiserver pkg/util/webhook/validation.go */
import {
  at,
  child,
  forbiddenField,
  invalid,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { dns1035Label, dns1123Subdomain, portNumber } from "../../machinery/names.ts";
import { unsupported } from "../checks.ts";
import { bundleProblem } from "../../machinery/x509/bundle.ts";
import { isTrue } from "./conditions.ts";
import type { Conversion, CustomResourceDefinition, WebhookClientConfig } from "./types.ts";

const strategies = ["None", "Webhook"];

export function validateConversion(conversion: Conversion | undefined, path: string): FieldError[] {
  if (!conversion) return [];
  const { strategy, webhook } = conversion;
  const errors: FieldError[] = [];
  if (!strategy) errors.push(required(child(path, "strategy")));
  else if (!strategies.includes(strategy))
    errors.push(unsupported(child(path, "strategy"), strategy, strategies));
  const configPath = child(path, "webhookClientConfig");
  const versionsPath = child(path, "conversionReviewVersions");
  const reviewVersions = webhook?.conversionReviewVersions ?? [];
  if (strategy !== "Webhook") {
    const text = "should not be set when strategy is not set to Webhook";
    if (webhook?.clientConfig) errors.push(forbiddenField(configPath, text));
    if (reviewVersions.length > 0) errors.push(forbiddenField(versionsPath, text));
    return errors;
  }
  if (webhook?.clientConfig) errors.push(...validateClient(webhook.clientConfig, configPath));
  else errors.push(required(configPath, "required when strategy is set to Webhook"));
  return [...errors, ...validateReviewVersions(reviewVersions, versionsPath)];
}

/** Before it is established, and where the one before was no better, a definition may have a bundle that nobody can read. k8s: allowInvalidCABundle */
export function validateBundle(
  conversion: Conversion | undefined,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const { caBundle } = conversion?.webhook?.clientConfig ?? {};
  const before = old?.spec.conversion?.webhook?.clientConfig?.caBundle;
  if (conversion?.strategy !== "Webhook" || !old || !isTrue(old, "Established")) return [];
  const problem = bundleProblem(before) === undefined ? bundleProblem(caBundle) : undefined;
  const path = "spec.conversion.webhookClientConfig.caBundle";
  return problem === undefined ? [] : [invalid(path, caBundle, problem)];
}

function validateClient({ url, service }: WebhookClientConfig, path: string): FieldError[] {
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
  text
    .slice(1)
    .replace(/\/$/, "")
    .split("/")
    .forEach((step, i) => {
      if (step === "") errors.push(invalid(path, text, `segment[${i}] may not be empty`));
      else
        for (const problem of dns1123Subdomain(step))
          errors.push(invalid(path, text, `segment[${i}]: ${problem}`));
    });
  return errors;
}

function validateReviewVersions(versions: readonly string[], path: string): FieldError[] {
  if (versions.length === 0) return [required(path)];
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
  if (!versions.some((version) => version === "v1" || version === "v1beta1"))
    errors.push(invalid(path, versions, "must include at least one of v1, v1beta1"));
  return errors;
}
