/** Certificates that clients show instead of a token. k8s: apiserver/pkg/authentication/request/x509/x509.go */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { encodeUtf8 } from "../../core/utf8.ts";
import { certificatesOf } from "../../machinery/x509/certificate.ts";
import { concat, readAll } from "../../machinery/x509/der.ts";
import { publicKeyOf, type Authority } from "../../machinery/x509/issue.ts";
import { signatureProblem, subjectOf } from "../../machinery/x509/request.ts";
import type { User } from "../../ports/request.ts";
import type { SigningKey } from "./tokens.ts";

/** 2120-01-01T00:00:00Z */
const authorityEndMs = 4_733_510_400_000;

/**
 * What signs requests of one sandbox: its key follows from the secret that signs its tokens, so another sandbox's differs. It is
 * not the authority of ca.crt, whose key nobody has; upstream promises as little (which CA signs for the API server's clients
 * is told nowhere).
 */
export const signingAuthority = (key: SigningKey): Authority => ({
  secret: sha256(concat(encodeUtf8("podyard certificate key "), key.secret)),
  commonName: "kubernetes",
  notAfter: authorityEndMs,
});

const clientAuth = "1.3.6.1.5.5.7.3.2";

/**
 * Whose certificate (PEM) it is: its common name, and its organizations as groups. Undefined: it is nobody's, since another
 * authority signed it, it is out of date (`now`: virtual ms), or it is for something else.
 */
export function certifiedUser(key: SigningKey, pem: string, now: number): User | undefined {
  const [leaf] = certificatesOf(pem);
  if (!leaf || leaf.commonName === "" || now < leaf.notBefore || now > leaf.notAfter)
    return undefined;
  if (leaf.purposes && !leaf.purposes.includes(clientAuth)) return undefined;
  const publicKeyDer = publicKeyOf(signingAuthority(key).secret);
  if (signatureProblem({ ...leaf, publicKeyDer }) !== undefined) return undefined;
  const [subject] = readAll(leaf.subject) ?? [];
  const groups = subject ? subjectOf(subject).organization : [];
  return {
    name: leaf.commonName,
    groups: [...groups, "system:authenticated"],
    extra: {
      "authentication.kubernetes.io/credential-id": [`X509SHA256=${bytesToHex(sha256(leaf.raw))}`],
    },
  };
}
