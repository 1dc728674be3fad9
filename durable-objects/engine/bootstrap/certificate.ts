/** The cluster's authority: what every Pod finds as ca.crt, and what signs requests for certificates. */
import { sha256 } from "@noble/hashes/sha2.js";
import { encodeUtf8 } from "../core/utf8.ts";
import type { Authority } from "../machinery/x509/issue.ts";

/** Virtual ms from which on it is good. 2020-01-01T00:00:00Z */
export const authoritySinceMs = 1_577_836_800_000;

/**
 * It vouches for nothing outside a sandbox, where nobody trusts it: its key is no secret and the same in every cluster, so
 * that a cluster restored elsewhere has the authority of before. The first to use the key pays for it.
 */
export const clusterAuthority: Authority = {
  get secret() {
    return sha256(encodeUtf8("the authority of every simulated cluster"));
  },
  commonName: "kubernetes",
  // 2120-01-01T00:00:00Z
  notAfter: 4_733_510_400_000,
};

export const rootCertificate = `-----BEGIN CERTIFICATE-----
MIIBXTCCAQOgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDAprdWJlcm5l
dGVzMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAVMRMwEQYDVQQD
DAprdWJlcm5ldGVzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEP1ejSly79oCG
Zi9vlOYmxt0/bOuim5XAvA9jdwgSV/TIPqIqr61RAzatRkVrNXnJY0NtwV0o4fQ7
UNTEPxTGn6NCMEAwDgYDVR0PAQH/BAQDAgKkMA8GA1UdEwEB/wQFMAMBAf8wHQYD
VR0OBBYEFMHLQM046cYngXJrrs78gS38/JCGMAoGCCqGSM49BAMCA0gAMEUCIQCH
NnC84z1TbAf44LO165/xs4VuBi1dQEn1ekN7EUJX7AIgBZv1phQTs1BOJwnymEy8
V2S/E2Y2FZV1befmlHolIKQ=
-----END CERTIFICATE-----
`;
