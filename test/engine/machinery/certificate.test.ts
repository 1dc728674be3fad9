/** What a client that trusts some authorities makes of what a server shows. */
import { describe, expect, test } from "vitest";
import {
  certificateProblem,
  certificatesOf,
} from "../../../durable-objects/engine/machinery/x509/certificate.ts";
import {
  authority,
  otherAuthority,
  serverCertificate,
} from "../../helpers/webhook-certificates.ts";

const now = Date.UTC(2026, 0, 1);
const host = "e2e-test-webhook.default.svc";
const problem = (roots: string, name = host, at = now): string | undefined =>
  certificateProblem(serverCertificate, roots, name, at);

describe("a server's certificate", () => {
  test("is read", () => {
    expect(certificatesOf(`${serverCertificate}${authority}`)).toMatchObject([
      {
        commonName: host,
        notBefore: Date.UTC(2020, 0, 1),
        notAfter: Date.UTC(2120, 0, 1),
        isAuthority: false,
        alternativeNames: { dnsNames: [host, "e2e-test-webhook.markers.svc"] },
      },
      { commonName: "e2e-server-cert-ca", isAuthority: true },
    ]);
  });

  test("is taken by who trusts its authority, or it itself", () => {
    expect(problem(authority)).toBeUndefined();
    expect(problem(`${otherAuthority}${authority}`)).toBeUndefined();
    expect(problem(serverCertificate)).toBeUndefined();
  });

  test("is of an unknown authority to others", () => {
    expect(problem("")).toBe("x509: certificate signed by unknown authority");
    expect(problem(otherAuthority)).toBe(
      'x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "e2e-server-cert-ca")',
    );
  });

  test("is for its names, in its time", () => {
    expect(problem(authority, "other.default.svc")).toBe(
      "x509: certificate is valid for e2e-test-webhook.default.svc, e2e-test-webhook.markers.svc, not other.default.svc",
    );
    expect(problem(authority, "10.96.0.7")).toBe(
      "x509: cannot validate certificate for 10.96.0.7 because it doesn't contain any IP SANs",
    );
    expect(problem(authority, host, Date.UTC(2019, 11, 31))).toBe(
      "x509: certificate has expired or is not yet valid: current time 2019-12-31T00:00:00Z is before 2020-01-01T00:00:00Z",
    );
    expect(problem(authority, host, Date.UTC(2121, 0, 1))).toBe(
      "x509: certificate has expired or is not yet valid: current time 2121-01-01T00:00:00Z is after 2120-01-01T00:00:00Z",
    );
  });

  test("that is none is of an unknown authority", () => {
    for (const text of ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
      expect(certificateProblem(text, authority, host, now)).toBe(
        "x509: certificate signed by unknown authority",
      );
  });
});
