/** A client's certificate with its key. Go: crypto/tls X509KeyPair */
import { equalBytes } from "../../../core/equal.ts";
import { certificatesOf } from "../../../machinery/x509/certificate.ts";
import { publicKeyDer, readPrivateKey } from "./private-key.ts";

/** Why a certificate cannot be shown with a key (both PEM), in Go's words; undefined: it can. */
export function pairProblem(certificate: string, key: string): string | undefined {
  const [leaf] = certificatesOf(certificate);
  if (!leaf) return "tls: failed to find any PEM data in certificate input";
  const secret = readPrivateKey(key);
  if (!secret) return "tls: failed to find any PEM data in key input";
  return equalBytes(publicKeyDer(secret), leaf.publicKeyDer)
    ? undefined
    : "tls: private key does not match public key";
}
