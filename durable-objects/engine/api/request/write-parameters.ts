/** Options in a write's query. k8s: apimachinery/pkg/apis/meta/v1/validation, handlers' managerOrUserAgent */
import { fieldManagerBytesMax } from "../../core/limits.ts";
import { encodeUtf8 } from "../../core/utf8.ts";
import { fieldValidationErrors, mediaType, optionsKind } from "./body.ts";
import type { Call } from "../context.ts";
import {
  forbiddenField,
  invalid,
  invalidObject,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from "../../machinery/field.ts";
import type { WriteOptions } from "../write/write-options.ts";

/** How a call's writes are done; 422 for options that upstream refuses. */
export function writeOptions(call: Call, subresource = ""): WriteOptions {
  const { info, request, user, warnings } = call;
  const errors = optionErrors(call);
  if (errors.length) throw invalidObject("meta.k8s.io", optionsKind(info.verb), "", errors);
  return {
    user,
    dryRun: info.query.get("dryRun") === "All",
    fieldManager: info.query.get("fieldManager") || agentOf(request.headers["user-agent"]),
    subresource,
    verb: info.verb,
    warn: (text) => warnings.push(text),
  };
}

/** A DELETE has its own options (delete-options.ts). */
export const ofDelete = ({ user, warnings }: Call): WriteOptions => ({
  user,
  dryRun: false,
  fieldManager: "",
  subresource: "",
  warn: (text) => warnings.push(text),
});

/** k8s: handlers/create.go managerOrUserAgent, prefixFromUserAgent */
function agentOf(userAgent = ""): string {
  const prefix = userAgent.split("/")[0] as string;
  let name = "";
  for (const ch of prefix) {
    if (!printable.test(ch)) continue;
    if (encodeUtf8(name + ch).length > fieldManagerBytesMax) break;
    name += ch;
  }
  return name || "unknown";
}

/** Go's unicode.IsPrint. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

function optionErrors({ info, request }: Call): FieldError[] {
  const { query, verb } = info;
  const errors: FieldError[] = [];
  if (verb === "patch") {
    const apply = mediaType(request) === "application/apply-patch+yaml";
    if (apply && !query.get("fieldManager")) {
      errors.push(required("fieldManager", "is required for apply patch"));
    }
    if (!apply && query.has("force")) {
      errors.push(forbiddenField("force", "may not be specified for non-apply patch"));
    }
  }
  errors.push(...managerErrors(query.get("fieldManager")));
  errors.push(...dryRunErrors(query.all("dryRun")));
  return [...errors, ...fieldValidationErrors(info)];
}

/** k8s: ValidateDryRun */
export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.some((v) => v !== "All") ? [notSupported("dryRun", values, ["All"])] : [];
}

/** k8s: ValidateFieldManager */
function managerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (encodeUtf8(manager).length > fieldManagerBytesMax) {
    errors.push(tooLong("fieldManager", fieldManagerBytesMax));
  }
  let position = 0;
  for (const ch of manager) {
    if (!printable.test(ch)) {
      const code = (ch.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
      const detail = `invalid character U+${code} (at position ${position})`;
      errors.push(invalid("fieldManager", manager, detail));
    }
    position += encodeUtf8(ch).length;
  }
  return errors;
}
