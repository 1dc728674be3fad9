/** Certificates that a server shows, and whether a client that trusts some authorities takes them. Go's crypto/x509 Verify */
import { equalBytes } from "../../core/equal.ts";
import { parseTime, rfc3339 } from "../../core/clock.ts";
import { certificateCharactersKeptMax, certificateTextsKeptMax } from "../../core/limits.ts";
import { memo } from "../../core/memo.ts";
import { decodeUtf8 } from "../../core/utf8.ts";
import { isAddress } from "../ip.ts";
import { inside, objectIdOf, readAll, tags, type Der } from "./der.ts";
import { decodePem } from "./pem.ts";
import { namesOf, signatureProblem, subjectOf, type Signed } from "./request.ts";

export interface Certificate extends Omit<Signed, "publicKeyDer"> {
  raw: Uint8Array;
  issuer: Uint8Array;
  subject: Uint8Array;
  commonName: string;
  /** Virtual ms. */
  notBefore: number;
  notAfter: number;
  publicKeyDer: Uint8Array;
  /** Undefined: it has no such extension. */
  alternativeNames: ReturnType<typeof namesOf> | undefined;
  isAuthority: boolean;
  /** Object ids; undefined: for everything. */
  purposes: string[] | undefined;
}

/** A time of either form as ms. */
function timeOf({ tag, bytes }: Der): number {
  const text = decodeUtf8(bytes);
  const short = tag === tags.utcTime;
  const year = short ? (text < "50" ? `20${text}` : `19${text}`) : text;
  const [, y, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(year) ?? [];
  return y === undefined
    ? Number.NaN
    : parseTime(`${y}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Undefined: it is none. */
export function parseCertificate(bytes: Uint8Array): Certificate | undefined {
  const [outer] = readAll(bytes) ?? [];
  const [body, algorithm, signature] = inside(outer);
  if (!outer || !body || !signature) return undefined;
  const parts = inside(body);
  // A version before the first is left out.
  if (parts[0]?.tag === 0xa0) parts.shift();
  const [, , issuer, validity, subject, publicKey, ...more] = parts;
  const [from, until] = inside(validity);
  if (!issuer || !from || !until || !subject || !publicKey) return undefined;
  const extensions = new Map<string, Der>();
  for (const extension of inside(inside(more.find(({ tag }) => tag === 0xa3))[0])) {
    const fields = inside(extension);
    const value = fields.at(-1);
    if (value) extensions.set(objectIdOf(fields[0]), value);
  }
  const [constraints] = readAll(extensions.get("2.5.29.19")?.bytes ?? new Uint8Array()) ?? [];
  const [purposes] = readAll(extensions.get("2.5.29.37")?.bytes ?? new Uint8Array()) ?? [];
  const names = extensions.get("2.5.29.17");
  const [mayIssue] = inside(constraints);
  return {
    raw: outer.raw,
    signed: body.raw,
    algorithm: objectIdOf(inside(algorithm)[0]),
    signature: signature.bytes.subarray(1),
    issuer: issuer.raw,
    subject: subject.raw,
    commonName: subjectOf(subject).commonName,
    notBefore: timeOf(from),
    notAfter: timeOf(until),
    publicKeyDer: publicKey.raw,
    alternativeNames: names && namesOf(names.bytes),
    isAuthority: mayIssue?.tag === 0x01 && mayIssue.bytes[0] !== 0,
    purposes: purposes && inside(purposes).map(objectIdOf),
  };
}

/** All certificates of a text. Servers show the same to everybody, so short texts are kept as they were read. */
export const certificatesOf = (pem: string): readonly Certificate[] =>
  pem.length > certificateCharactersKeptMax ? read(pem) : readOnce(pem);

const readOnce = memo(certificateTextsKeptMax, read);

function read(pem: string): readonly Certificate[] {
  const found: Certificate[] = [];
  for (let at = 0; ;) {
    const next = decodePem(pem, at);
    if (!next) return found;
    at = next.end;
    if (next.block.type !== "CERTIFICATE") continue;
    const certificate = parseCertificate(next.block.bytes);
    if (certificate) found.push(certificate);
  }
}

/**
 * Only whether it is over: who makes a certificate has the wall's clock, and a cluster that nobody looked at for a while is behind that.
 */
function outOfDate({ notAfter }: Certificate, now: number): string | undefined {
  if (now <= notAfter) return undefined;
  return `x509: certificate has expired or is not yet valid: current time ${rfc3339(now)} is after ${rfc3339(notAfter)}`;
}

/** `*` stands for one label, the first. */
function fits(pattern: string, host: string): boolean {
  const [first = "", ...rest] = pattern.toLowerCase().split(".");
  const [label = "", ...others] = host.toLowerCase().split(".");
  return (first === label || (first === "*" && rest.length > 0)) && rest.join() === others.join();
}

/** k8s: Go's x509.HostnameError */
function wrongName(
  { alternativeNames: names, commonName }: Certificate,
  host: string,
): string | undefined {
  if (isAddress(host)) {
    if (names?.ipAddresses.includes(host)) return undefined;
    const valid = names?.ipAddresses ?? [];
    return valid.length === 0
      ? `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`
      : `x509: certificate is valid for ${valid.join(", ")}, not ${host}`;
  }
  if (!names && commonName !== "")
    return "x509: certificate relies on legacy Common Name field, use SANs instead";
  const valid = names?.dnsNames ?? [];
  if (valid.some((name) => fits(name, host))) return undefined;
  return valid.length === 0
    ? `x509: certificate is not valid for any names, but wanted to match ${host}`
    : `x509: certificate is valid for ${valid.join(", ")}, not ${host}`;
}

/** Names in place of the host's: of one of them at least the certificate is. Those with a scheme are URIs. */
function noneOf(
  { alternativeNames: names }: Certificate,
  wanted: readonly string[],
): string | undefined {
  const has = (name: string): boolean =>
    name.includes(":")
      ? (names?.uris ?? []).includes(name)
      : (names?.dnsNames ?? []).some((one) => fits(one, name) || fits(name, one));
  return wanted.some(has)
    ? undefined
    : `x509: certificate is not valid for any of ${wanted.join(", ")}`;
}

const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuth = "1.3.6.1.5.5.7.3.2";
const anyPurpose = "2.5.29.37.0";
/** k8s: Go's x509 maxChainSignatureChecks bounds the search; chains that servers show are short. */
const chainDepthMax = 10;

const signatures = new WeakMap<Certificate, WeakMap<Certificate, { problem?: string }>>();

/** What is wrong with the signature of one by another; worked out once, while both are kept. */
function signedWrongly(one: Certificate, parent: Certificate): string | undefined {
  let known = signatures.get(one);
  if (!known) signatures.set(one, (known = new WeakMap()));
  let found = known.get(parent);
  if (!found) {
    const problem = signatureProblem({ ...one, publicKeyDer: parent.publicKeyDer });
    known.set(parent, (found = problem === undefined ? {} : { problem }));
  }
  return found.problem;
}

/** Why a chain does not lead to an authority that is trusted; undefined: it does. */
function untrusted(
  leaf: Certificate,
  between: readonly Certificate[],
  roots: readonly Certificate[],
  now: number,
): string | undefined {
  let hint: { why: string; name: string } | undefined;
  const leads = (from: Certificate, depth: number): boolean => {
    if (roots.some(({ raw }) => equalBytes(raw, from.raw))) return true;
    if (depth >= chainDepthMax) return false;
    const candidates = [...roots, ...between].filter(
      (parent) => parent !== from && equalBytes(parent.subject, from.issuer),
    );
    return candidates.some((parent) => {
      const why = !parent.isAuthority
        ? "x509: invalid signature: parent certificate cannot sign this kind of certificate"
        : (signedWrongly(from, parent) ?? outOfDate(parent, now));
      if (why !== undefined) {
        hint ??= { why, name: parent.commonName };
        return false;
      }
      return leads(parent, depth + 1);
    });
  };
  if (leads(leaf, 0)) return undefined;
  const because = hint
    ? ` (possibly because of ${JSON.stringify(hint.why)} while trying to verify candidate authority certificate ${JSON.stringify(hint.name)})`
    : "";
  return `x509: certificate signed by unknown authority${because}`;
}

/** In place of a certificate: everybody takes it. */
export const takenByAll = "any";

/**
 * What a client that trusts `roots` (PEM) finds wrong with what a server shows (PEM); undefined: nothing. Of several hosts, or URIs, one
 * is enough.
 */
export function certificateProblem(
  shown: string,
  roots: string,
  host: string | readonly string[],
  now: number,
): string | undefined {
  if (shown === takenByAll) return undefined;
  const [leaf, ...between] = certificatesOf(shown);
  if (!leaf) return "x509: certificate signed by unknown authority";
  const early =
    outOfDate(leaf, now) ?? (typeof host === "string" ? wrongName(leaf, host) : noneOf(leaf, host));
  if (early !== undefined) return early;
  const chain = untrusted(leaf, between, certificatesOf(roots), now);
  if (chain !== undefined) return chain;
  return otherPurpose(leaf, serverAuth);
}

function otherPurpose({ purposes }: Certificate, wanted: string): string | undefined {
  return !purposes || purposes.includes(wanted) || purposes.includes(anyPurpose)
    ? undefined
    : "x509: certificate specifies an incompatible key usage";
}

/** What a server that trusts `roots` (PEM) finds wrong with what a client shows (PEM); undefined: nothing. */
export function clientProblem(shown: string, roots: string, now: number): string | undefined {
  const [leaf, ...between] = certificatesOf(shown);
  if (!leaf) return "tls: client didn't provide a certificate";
  return (
    outOfDate(leaf, now) ??
    untrusted(leaf, between, certificatesOf(roots), now) ??
    otherPurpose(leaf, clientAuth)
  );
}
