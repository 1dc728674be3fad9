import { base64url, fromBase64url } from "../../../worker/secrets.ts";

/** What passkeys sign with. */
const algorithms = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
  RS256: {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  },
};
export type Algorithm = keyof typeof algorithms;

/** How an answer differs from an honest one. */
interface Otherwise {
  origin?: string;
  verified?: boolean;
  type?: string;
  /** Other authenticator data, before it is signed. */
  data?: (honest: Uint8Array) => Uint8Array;
}

/** A device's authenticator with one discoverable passkey, as far as WebAuthn level 3 asks it. Answers as a browser's JSON. */
export class Authenticator {
  counter = 0;
  userHandle = "";
  readonly id = base64url(crypto.getRandomValues(new Uint8Array(16)));
  readonly #keys: CryptoKeyPair;
  readonly #origin: string;
  readonly #algorithm: Algorithm;

  private constructor(keys: CryptoKeyPair, origin: string, algorithm: Algorithm) {
    this.#keys = keys;
    this.#origin = origin;
    this.#algorithm = algorithm;
  }

  static async make(origin: string, algorithm: Algorithm = "ES256"): Promise<Authenticator> {
    const keys = await crypto.subtle.generateKey(algorithms[algorithm], true, ["sign", "verify"]);
    return new Authenticator(keys as CryptoKeyPair, origin, algorithm);
  }

  async create(
    options: { challenge: string; rp: { id: string }; user: { id: string } },
    { origin = this.#origin, verified = true, data: other = same }: Otherwise = {},
  ): Promise<unknown> {
    this.userHandle = options.user.id;
    const id = fromBase64url(this.id);
    const attested = [
      ...new Uint8Array(16),
      id.length >> 8,
      id.length & 255,
      ...id,
      ...(await this.#coseKey()),
    ];
    // User present, user verified, attested credential data: WebAuthn section 6.1.
    const flags = 0x41 | (verified ? 4 : 0);
    const data = other(await this.#data(options.rp.id, flags, attested));
    const attestation = [
      0xa3,
      ...text("fmt"),
      ...text("none"),
      ...text("attStmt"),
      0xa0,
      ...text("authData"),
      ...byteString(data),
    ];
    return this.#answer("webauthn.create", options.challenge, origin, {
      attestationObject: base64url(new Uint8Array(attestation)),
      transports: ["internal"],
    }).credential;
  }

  async get(
    options: { challenge: string; rpId: string },
    {
      origin = this.#origin,
      verified = true,
      type = "webauthn.get",
      data: other = same,
    }: Otherwise = {},
  ): Promise<unknown> {
    this.counter++;
    const data = other(await this.#data(options.rpId, verified ? 5 : 1, []));
    const { clientData, credential } = this.#answer(type, options.challenge, origin, {
      authenticatorData: base64url(data),
      userHandle: this.userHandle,
    });
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", clientData));
    const signed = new Uint8Array([...data, ...hash]);
    const algorithm = algorithms[this.#algorithm];
    const raw = new Uint8Array(await crypto.subtle.sign(algorithm, this.#keys.privateKey, signed));
    const signature = this.#algorithm === "ES256" ? derOf(raw) : raw;
    Object.assign(credential.response, { signature: base64url(signature) });
    return credential;
  }

  #answer(type: string, challenge: string, origin: string, response: Record<string, unknown>) {
    const clientData = new TextEncoder().encode(
      JSON.stringify({ type, challenge, origin, crossOrigin: false }),
    );
    const credential = {
      id: this.id,
      rawId: this.id,
      type: "public-key",
      authenticatorAttachment: "platform",
      clientExtensionResults: {},
      response: { clientDataJSON: base64url(clientData), ...response },
    };
    return { clientData, credential };
  }

  async #data(rpId: string, flags: number, rest: number[]): Promise<Uint8Array<ArrayBuffer>> {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(rpId));
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, this.counter);
    return new Uint8Array([...new Uint8Array(hash), flags, ...counter, ...rest]);
  }

  /** RFC 9053 section 7, RFC 8230 section 4. */
  async #coseKey(): Promise<number[]> {
    const jwk = (await crypto.subtle.exportKey("jwk", this.#keys.publicKey)) as JsonWebKey;
    const part = (name: "x" | "y" | "n" | "e"): number[] => byteString(fromBase64url(jwk[name]!));
    switch (this.#algorithm) {
      case "ES256":
        return [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, ...part("x"), 0x22, ...part("y")];
      case "EdDSA":
        return [0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, ...part("x")];
      case "RS256":
        return [0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, ...part("n"), 0x21, ...part("e")];
    }
  }
}

const same = (honest: Uint8Array): Uint8Array => honest;

/** CBOR (RFC 8949). */
const text = (said: string): number[] => [0x60 + said.length, ...new TextEncoder().encode(said)];
const byteString = (bytes: Uint8Array): number[] =>
  bytes.length < 24
    ? [0x40 + bytes.length, ...bytes]
    : bytes.length < 256
      ? [0x58, bytes.length, ...bytes]
      : [0x59, bytes.length >> 8, bytes.length & 255, ...bytes];

/** Two numbers of 32 bytes as ASN.1 has them. */
function derOf(raw: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array): number[] => {
    const at = bytes.findIndex((byte) => byte !== 0);
    const plain = [...bytes.slice(at)];
    const signed = plain[0]! & 0x80 ? [0, ...plain] : plain;
    return [2, signed.length, ...signed];
  };
  const both = [...integer(raw.slice(0, 32)), ...integer(raw.slice(32))];
  return new Uint8Array([0x30, both.length, ...both]);
}
