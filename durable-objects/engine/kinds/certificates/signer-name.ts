import { goQuote, invalid, required, tooLong, type FieldError } from "../../machinery/field.ts";
import {
  byteLength,
  dns1123Label,
  dns1123Subdomain,
  type Messages,
} from "../../machinery/names.ts";

/** k8s: core validation ValidateSignerName */
const domainBytesMax = 253;
const pathBytesMax = 253 + 63 + 1;
const signerBytesMax = domainBytesMax + pathBytesMax + 1;

function checkLabels(
  path: string,
  segment: string,
  rule: (label: string) => Messages,
): FieldError[] {
  for (const label of segment.split(".")) {
    const messages = rule(label);
    if (messages.length > 0)
      return messages.map((message) =>
        invalid(path, segment, `validating label ${goQuote(label)}: ${message}`),
      );
  }
  return [];
}

/** `kubernetes.io/kube-apiserver-client`. k8s: core validation ValidateSignerName */
export function checkSignerName(path: string, name: string): FieldError[] {
  if (!name) return [required(path)];
  const [domain = "", signer = "", ...more] = name.split("/");
  if (more.length > 0 || !name.includes("/")) {
    const detail =
      "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(path, name, detail)];
  }
  const errors: FieldError[] = [];
  if (byteLength(domain) > domainBytesMax) errors.push(tooLong(path, domainBytesMax));
  errors.push(...checkLabels(path, domain, dns1123Label));
  if (!domain.includes(".")) {
    const detail = "should be a domain with at least two segments separated by dots";
    errors.push(invalid(path, domain, detail));
  }
  errors.push(...checkLabels(path, signer, dns1123Subdomain));
  if (byteLength(signer) > pathBytesMax) errors.push(tooLong(path, pathBytesMax));
  if (byteLength(name) > signerBytesMax) errors.push(tooLong(path, signerBytesMax));
  return errors;
}
