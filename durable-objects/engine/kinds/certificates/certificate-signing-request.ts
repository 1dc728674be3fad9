/** k8s: pkg/registry/certificates/certificates/strategy.go */
import type * as certificates from "kubernetes-types/certificates/v1";
import { rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { decodeUtf8 } from "../../core/utf8.ts";
import { fromBase64 } from "../../machinery/base64.ts";
import { humanDuration } from "../../machinery/duration.ts";
import {
  at,
  child,
  duplicate,
  forbiddenField,
  goQuote,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { decodePem } from "../../machinery/x509/pem.ts";
import {
  parseRequest,
  signatureProblem,
  type CertificateRequest,
} from "../../machinery/x509/request.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import { allMetadata, type Kind, type WriteContext } from "../define.ts";
import type { Stored } from "../stored.ts";
import { checkSignerName } from "./signer-name.ts";
import { schemaNamed } from "../../schema/types.ts";

export type CertificateSigningRequest = Stored<certificates.CertificateSigningRequest>;
type Condition = certificates.CertificateSigningRequestCondition;

const usages =
  "any,cert sign,client auth,code signing,content commitment,crl sign,data encipherment,decipher only,digital signature,email protection,encipher only,ipsec end system,ipsec tunnel,ipsec user,key agreement,key encipherment,microsoft sgc,netscape sgc,ocsp signing,s/mime,server auth,signing,timestamping".split(
    ",",
  );
const decisions = ["Approved", "Denied"];
const finals = [...decisions, "Failed"];
/** k8s: pkg/apis/certificates/validation */
const expirationSecondsMin = 600;

/** What a request asks for, or why it cannot be read. */
export const parsedRequest = ({ spec }: CertificateSigningRequest): CertificateRequest | string =>
  parseRequest(decodeUtf8(fromBase64(spec?.request ?? "")));

function checkRequest(text: string): FieldError[] {
  const request = parseRequest(decodeUtf8(fromBase64(text)));
  const problem = typeof request === "string" ? request : signatureProblem(request);
  return problem === undefined ? [] : [invalid("spec.request", text, problem)];
}

/** k8s: validateCertificateSigningRequest; what was wrong before may stay so. */
function validate(csr: CertificateSigningRequest, old?: CertificateSigningRequest): FieldError[] {
  const errors = old
    ? []
    : checkSpec(csr.spec ?? ({} as certificates.CertificateSigningRequestSpec));
  const before = old?.status;
  if (!old || !equal(before?.conditions, csr.status?.conditions))
    errors.push(...checkConditions(csr.status?.conditions ?? [], before?.conditions ?? []));
  const certificate = csr.status?.certificate;
  if (certificate && certificate !== before?.certificate) {
    const problem = certificateProblem(decodeUtf8(fromBase64(certificate)));
    if (problem) errors.push(invalid("status.certificate", "<certificate data>", problem));
  }
  return errors;
}

function checkSpec(spec: certificates.CertificateSigningRequestSpec): FieldError[] {
  const errors = checkRequest(spec.request ?? "");
  const given = spec.usages ?? [];
  if (given.length === 0) errors.push(required("spec.usages"));
  for (const [i, usage] of given.entries())
    if (!usages.includes(usage)) errors.push(notSupported(at("spec.usages", i), usage, usages));
  for (const [i, usage] of given.entries())
    if (given.indexOf(usage) < i) errors.push(duplicate(at("spec.usages", i), usage));
  const { signerName = "", expirationSeconds } = spec;
  if (signerName === "kubernetes.io/legacy-unknown") {
    const detail = "the legacy signerName is not allowed via this API version";
    errors.push(invalid("spec.signerName", signerName, detail));
  } else errors.push(...checkSignerName("spec.signerName", signerName));
  if (expirationSeconds !== undefined && expirationSeconds < expirationSecondsMin) {
    const detail = "may not specify a duration less than 600 seconds (10 minutes)";
    errors.push(invalid("spec.expirationSeconds", expirationSeconds, detail));
  }
  return errors;
}

function checkConditions(
  conditions: readonly Condition[],
  before: readonly Condition[],
): FieldError[] {
  const path = "status.conditions";
  const errors: FieldError[] = [];
  const has = (list: readonly Condition[], type: string): boolean =>
    list.some((one) => one.type === type);
  const wasBoth = decisions.every((type) => has(before, type));
  for (const [i, { type = "", status = "" }] of conditions.entries()) {
    const where = at(path, i);
    if (!type) errors.push(required(child(where, "type")));
    const allowed = finals.includes(type) ? ["True"] : ["False", "True", "Unknown"];
    if (!status) errors.push(required(child(where, "status")));
    else if (!allowed.includes(status))
      errors.push(notSupported(child(where, "status"), status, allowed));
    const earlier = conditions.slice(0, i);
    const other = decisions.find((one) => one !== type) as string;
    if (!wasBoth && decisions.includes(type) && has(earlier, other)) {
      const detail = "Approved and Denied conditions are mutually exclusive";
      errors.push(invalid(path, type, detail));
    }
    if (has(earlier, type)) errors.push(duplicate(child(where, "type"), type));
  }
  return errors;
}

/** k8s: validateCertificate */
function certificateProblem(text: string): string | undefined {
  let blocks = 0;
  for (let from = 0; ; blocks++) {
    const found = decodePem(text, from);
    if (!found) break;
    if (found.block.type !== "CERTIFICATE")
      return `only CERTIFICATE PEM blocks are allowed, found ${goQuote(found.block.type)}`;
    from = found.end;
  }
  return blocks === 0 ? "must contain at least one CERTIFICATE PEM block" : undefined;
}

const ofType = (csr: CertificateSigningRequest, type: string): Condition[] =>
  (csr.status?.conditions ?? []).filter((one) => one.type === type);

/** k8s: validateCertificateSigningRequestUpdate */
function validateUpdate(
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
  { subresource }: WriteContext,
): FieldError[] {
  const errors = validate(csr, old);
  const path = "status.conditions";
  for (const type of finals)
    if (ofType(csr, type).length < ofType(old, type).length) {
      const detail = `updates may not remove a condition of type ${goQuote(type)}`;
      errors.push(forbiddenField(path, detail));
    }
  if (subresource !== "approval")
    for (const type of decisions)
      if (ofType(csr, type).length > ofType(old, type).length) {
        const detail = `updates may not add a condition of type ${goQuote(type)}`;
        errors.push(forbiddenField(path, detail));
      }
  const [now = "", before = ""] = [csr.status?.certificate, old.status?.certificate];
  if (now === before) return errors;
  const certificatePath = "status.certificate";
  if (subresource !== "status")
    errors.push(forbiddenField(certificatePath, "updates may not set certificate content"));
  else if (before) {
    const detail = "updates may not modify existing certificate content";
    errors.push(forbiddenField(certificatePath, detail));
  }
  return errors;
}

/** k8s: populateConditionTimestamps */
function withTimes(conditions: readonly Condition[], old: readonly Condition[], now: string) {
  return conditions.map((one) => {
    const same = old.find(({ type, status }) => type === one.type && status === one.status);
    return {
      ...one,
      lastUpdateTime: one.lastUpdateTime ?? now,
      lastTransitionTime: one.lastTransitionTime ?? same?.lastTransitionTime ?? now,
    };
  });
}

/** Decisions of a status write are those there were, unless it adds or removes some, which is refused. */
function withDecisions(
  conditions: readonly Condition[],
  old: CertificateSigningRequest,
): Condition[] {
  return conditions.map((one) => {
    if (!decisions.includes(one.type)) return one;
    const before = ofType(old, one.type);
    return before.length === 1 ? (before[0] as Condition) : one;
  });
}

function prepareForUpdate(
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
  { subresource, now }: WriteContext,
): CertificateSigningRequest {
  const { spec } = old;
  const next = { ...csr, ...(spec ? { spec } : {}) };
  if (subresource === "") return { ...next, ...(old.status ? { status: old.status } : {}) };
  const before = old.status?.conditions ?? [];
  const given = csr.status?.conditions ?? [];
  const kept = subresource === "status" ? withDecisions(given, old) : given;
  const conditions = withTimes(kept, before, rfc3339(now));
  const status = subresource === "approval" ? { ...old.status } : { ...csr.status };
  delete status.conditions;
  return { ...next, status: { ...status, ...(conditions.length > 0 ? { conditions } : {}) } };
}

/** k8s: printers.go extractCSRStatus */
export function statusText({ status }: CertificateSigningRequest): string {
  const has = (type: string): boolean => status?.conditions?.some((c) => c.type === type) ?? false;
  const decided = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  return `${decided}${has("Failed") ? ",Failed" : ""}${status?.certificate ? ",Issued" : ""}`;
}

export const CertificateSigningRequest: Kind<CertificateSigningRequest> = {
  resource: "certificatesigningrequests.certificates.k8s.io",
  apiVersion: "certificates.k8s.io/v1",
  kind: "CertificateSigningRequest",
  schema: schemaNamed("certificates/v1.CertificateSigningRequest"),
  namespaced: false,
  nameRule: "path-segment",
  hasGeneration: false,
  // Who asks is put in by admission, which knows who asks.
  prepareForCreate: (csr) => ({ ...csr, status: {} }),
  prepareForUpdate,
  validateCreate: (csr) => validate(csr),
  validateUpdate,
  validateStatusUpdate: validateUpdate,
  statusWritesMetadata: allMetadata,
  statusResets: ["status.conditions"],
  fields: ({ spec }) => ({ "spec.signerName": spec?.signerName ?? "" }),
  table: {
    columns: [
      nameColumn,
      ageColumn,
      column("SignerName", "Who is to sign it."),
      column("Requestor", "Who asks."),
      column("RequestedDuration", "How long it is to be good."),
      column("Condition", "What was decided, and whether it is issued."),
    ],
    cells: (csr, now) => [
      csr.metadata.name,
      age(csr, now),
      csr.spec?.signerName || "<none>",
      csr.spec?.username ?? "",
      csr.spec?.expirationSeconds === undefined
        ? "<none>"
        : humanDuration(csr.spec.expirationSeconds * 1000),
      statusText(csr),
    ],
  },
};
