/** What openssl makes is checked by Node's own crypto, which is OpenSSL. */
import {
  X509Certificate,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
} from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { onNode, type Said } from "../../../helpers/node-shell.ts";
import { World } from "../../../helpers/world.ts";

let world: World;
const sh = (line: string): Said => onNode(world, "node-1", `cd /root\n${line}`);
const cat = (file: string): string => sh(`cat ${file}`).out;

beforeAll(() => {
  world = new World();
  world.settle();
});

describe("openssl", () => {
  it("makes RSA keys that OpenSSL takes, each another one, in a file of its owner's alone", () => {
    expect(sh("openssl genrsa -out a.key 2048 && openssl genrsa -out b.key 2048")).toEqual({
      out: "",
      err: "",
      code: 0,
    });
    const key = createPrivateKey(cat("a.key"));
    expect(key.asymmetricKeyDetails).toEqual({ modulusLength: 2048, publicExponent: 65_537n });
    const signature = createSign("sha256").update("text").sign(key);
    expect(createVerify("sha256").update("text").verify(createPublicKey(key), signature)).toBe(
      true,
    );
    expect(cat("a.key")).not.toBe(cat("b.key"));
    expect(sh("ls -l a.key").out).toMatch(/^-rw-------/);
    expect(sh("openssl rsa -in a.key -check -noout").out).toBe("RSA key ok\n");
    expect(sh("openssl rsa -in a.key -pubout 2>/dev/null").out).toBe(
      createPublicKey(key).export({ type: "spki", format: "pem" }),
    );
  });

  it("reads keys in the three forms that files have", () => {
    for (const [type, format] of [
      ["rsa", "pkcs8"],
      ["rsa", "pkcs1"],
      ["ec", "sec1"],
    ] as const) {
      const file = type === "rsa" ? "a.key" : "e.key";
      if (type === "ec") sh("openssl ecparam -name prime256v1 -genkey -noout -out e.key");
      const key = createPrivateKey(cat(file));
      const text = String(key.export({ type: format as "pkcs8", format: "pem" }));
      sh(`cat > other.key <<'END'\n${text}END`);
      expect(sh("openssl pkey -in other.key").out).toBe(
        String(key.export({ type: "pkcs8", format: "pem" })),
      );
    }
  });

  it("asks for a certificate, and signs one, and says whether it leads to an authority", () => {
    const authority = sh(
      "openssl req -x509 -nodes -days 365 -newkey rsa:2048 -keyout ca.key -out ca.crt -subj '/CN=ca.local/O=shop' -addext 'subjectAltName=DNS:ca.local,IP:10.0.0.1'",
    );
    expect(authority.err).toMatch(/^[.+*]+\n-----\n$/);
    const ca = new X509Certificate(cat("ca.crt"));
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(ca.subject).toBe("CN=ca.local\nO=shop");
    expect(ca.subjectAltName).toBe("DNS:ca.local, IP Address:10.0.0.1");

    sh("openssl req -new -key a.key -out jane.csr -subj '/CN=jane/O=dev/O=ops'");
    expect(sh("openssl req -in jane.csr -noout -subject -verify")).toEqual({
      out: "subject=CN = jane, O = dev, O = ops\n",
      err: "Certificate request self-signature verify OK\n",
      code: 0,
    });
    expect(
      sh(
        "openssl x509 -req -in jane.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out jane.crt -days 10",
      ).err,
    ).toBe("Certificate request self-signature ok\nsubject=CN = jane, O = dev, O = ops\n");
    const jane = new X509Certificate(cat("jane.crt"));
    expect(jane.verify(ca.publicKey)).toBe(true);
    expect(jane.checkPrivateKey(createPrivateKey(cat("a.key")))).toBe(true);
    expect(cat("ca.srl").trim()).toBe(jane.serialNumber);
    sh("openssl x509 -req -in jane.csr -CA ca.crt -CAkey ca.key -CAserial ca.srl -out second.crt");
    expect(BigInt(`0x${new X509Certificate(cat("second.crt")).serialNumber}`)).toBe(
      BigInt(`0x${jane.serialNumber}`) + 1n,
    );

    expect(sh("openssl verify -CAfile ca.crt jane.crt").out).toBe("jane.crt: OK\n");
    expect(sh("openssl verify jane.crt")).toEqual({
      out: "",
      err: "CN = jane, O = dev, O = ops\nerror 20 at 0 depth lookup: unable to get local issuer certificate\nerror jane.crt: verification failed\n",
      code: 2,
    });
    expect(sh("openssl x509 -req -in jane.csr -CA ca.crt -CAkey a.key -out x.crt").err).toContain(
      "x509: CA certificate and CA private key do not match\n",
    );
    const print = sh("openssl x509 -in jane.crt -noout -fingerprint -sha256 -checkend 86400").out;
    expect(print).toBe(`sha256 Fingerprint=${jane.fingerprint256}\nCertificate will not expire\n`);
  });

  it("takes subject and extensions from a configuration file", () => {
    sh(`cat > csr.conf <<'END'
[ req ]
prompt = no
distinguished_name = dn
req_extensions = ext
[ dn ]
C = DE
0.O = one
CN = server
[ ext ]
keyUsage = keyEncipherment, dataEncipherment
extendedKeyUsage = serverAuth
subjectAltName = @names
[ names ]
DNS.1 = kubernetes.default.svc
IP.1 = 10.96.0.1
END
openssl req -new -key e.key -out server.csr -config csr.conf`);
    const { out } = sh("openssl req -in server.csr -noout -text");
    expect(out).toContain("Subject: C = DE, O = one, CN = server\n");
    expect(out).toContain(
      "            Requested Extensions:\n                X509v3 Key Usage: \n                    Key Encipherment, Data Encipherment\n" +
        "                X509v3 Extended Key Usage: \n                    TLS Web Server Authentication\n" +
        "                X509v3 Subject Alternative Name: \n                    DNS:kubernetes.default.svc, IP Address:10.96.0.1\n",
    );
  });

  it("asks for the parts of a name that nobody gave", () => {
    const { err } = sh(
      "printf 'DE\\n\\nBerlin\\n.\\n\\nbob\\n\\n\\n\\n' | openssl req -new -key e.key -out bob.csr",
    );
    expect(err).toMatch(/\n-----\nCountry Name \(2 letter code\) \[AU\]:State or Province Name /);
    expect(sh("openssl req -in bob.csr -noout -subject").out).toBe(
      "subject=C = DE, ST = Some-State, L = Berlin, CN = bob\n",
    );
  });

  it("makes random bytes, hashes and base64", () => {
    const bytes = sh("openssl rand -hex 16; openssl rand -hex 16").out.split("\n");
    expect(bytes[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(bytes[0]).not.toBe(bytes[1]);
    expect(sh("openssl rand -hex 16").out).not.toBe(sh("openssl rand -hex 16").out);
    expect(sh("printf abc | openssl sha256; printf abc | openssl dgst -r").out).toBe(
      "SHA2-256(stdin)= ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n" +
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad *stdin\n",
    );
    expect(sh("echo abc | openssl base64; echo YWJj | openssl base64 -d").out).toBe(
      "YWJjCg==\nabc",
    );
  });

  it.each([
    ["foo", `Invalid command 'foo'; type "help" for a list.\n`],
    ["req -foo", "req: Unknown option or message digest: foo\nreq: Use -help for summary.\n"],
    [
      "req -new -key /nope -subj /CN=x",
      "Could not open file or uri for loading private key from /nope: No such file or directory\n",
    ],
    [
      "req -new -key a.key -subj CN=x",
      "req: subject name is expected to be in the format /type0=value0/type1=value1/type2=... where characters may be escaped by \\. This name is not in that format: 'CN=x'\n",
    ],
    ["genrsa 100", "genrsa: Error generating RSA key: key size too small\n"],
    ["genrsa 8192", "genrsa: Podyard's openssl makes RSA keys of at most 4096 bits\n"],
    ["rand -hex 1000000", "rand: Podyard's openssl makes at most 65536 bytes\n"],
    ["s_client -connect x:443", "openssl: Podyard's openssl has no s_client\n"],
  ])("refuses %s", (line, err) => {
    expect(sh(`openssl ${line}`)).toEqual({ out: "", err, code: 1 });
  });
});
