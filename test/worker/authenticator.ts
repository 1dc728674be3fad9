import { base64url } from "../../worker/secrets.ts";

/** A device's authenticator with one discoverable passkey (ES256), as far as WebAuthn level 3 asks it. Answers as a browser's JSON. */
export class Authenticator {
  counter = 0;
  userHandle = "";
  readonly id = base64url(crypto.getRandomValues(new Uint8Array(16)));
  readonly #keys: CryptoKeyPair;
  readonly #origin: string;

  private constructor(keys: CryptoKeyPair, origin: string) {
    this.#keys = keys;
    this.#origin = origin;
  }

  static async make(origin: string): Promise<Authenticator> {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    return new Authenticator(keys as CryptoKeyPair, origin);
  }

  async create(
    options: { challenge: string; rp: { id: string }; user: { id: string } },
    { origin = this.#origin, verified = true } = {},
  ): Promise<unknown> {
    this.userHandle = options.user.id;
    const id = bytesOf(this.id);
    const attested = [
      ...new Uint8Array(16),
      id.length >> 8,
      id.length & 255,
      ...id,
      ...(await this.#coseKey()),
    ];
    // User present, user verified, attested credential data: WebAuthn section 6.1.
    const flags = 0x41 | (verified ? 4 : 0);
    const data = await this.#data(options.rp.id, flags, attested);
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
    { origin = this.#origin, verified = true, type = "webauthn.get" } = {},
  ): Promise<unknown> {
    this.counter++;
    const data = await this.#data(options.rpId, verified ? 5 : 1, []);
    const { clientData, credential } = this.#answer(type, options.challenge, origin, {
      authenticatorData: base64url(data),
      userHandle: this.userHandle,
    });
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", clientData));
    const signed = new Uint8Array([...data, ...hash]);
    const raw = await crypto.subtle.sign(
      { name: "ECDSA", hash: "SHA-256" },
      this.#keys.privateKey,
      signed,
    );
    Object.assign(credential.response, { signature: base64url(derOf(new Uint8Array(raw))) });
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

  /** RFC 9053 section 7.1.1. */
  async #coseKey(): Promise<number[]> {
    const raw = (await crypto.subtle.exportKey("raw", this.#keys.publicKey)) as ArrayBuffer;
    const point = new Uint8Array(raw);
    const [x, y] = [point.slice(1, 33), point.slice(33)];
    return [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, ...byteString(x), 0x22, ...byteString(y)];
  }
}

/** CBOR (RFC 8949). */
const text = (said: string): number[] => [0x60 + said.length, ...new TextEncoder().encode(said)];
const byteString = (bytes: Uint8Array): number[] =>
  bytes.length < 256
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

function bytesOf(said: string): Uint8Array {
  const decoded = atob(said.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(decoded, (each) => each.charCodeAt(0));
}
