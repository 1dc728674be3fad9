/**
 * The server's end of a TLS 1.3 connection: bytes of the wire in, what was said in them out. One suite, one group, one kind of
 * signature, which every client has. RFC 8446
 */
import { x25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat } from "../x509/der.ts";
import {
  alerts,
  certificateMessage,
  encryptedExtensions,
  message,
  messages,
  readHello,
  serverHello,
  verifyMessage,
} from "./hello.ts";
import {
  derived,
  finishedOf,
  kinds,
  plainBytesMax,
  record,
  sealedBytesMax,
  secretsOf,
  Traffic,
} from "./traffic.ts";

/** What a server shows of itself, and the key that goes with it (P-256). */
export interface TlsIdentity {
  certificate: Uint8Array;
  secret: Uint8Array;
}

export interface TlsNews {
  /** What the client said. */
  plain: Uint8Array;
  /** What has to be sent back at once. */
  reply: Uint8Array;
  /** The client says no more. */
  ended: boolean;
}

/** Bytes of chance that a server needs. */
export const tlsChanceBytes = 64;

class Alert extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`alert ${code}`);
    this.code = code;
  }
}

/** RFC 8446, 6.1 and 6.2 */
const closeNotify = 0;
const unexpectedMessage = 10;
const badRecord = 20;
const recordOverflow = 22;
const decryptError = 51;

const verifyLabel = "TLS 1.3, server CertificateVerify";
const none = new Uint8Array();

export class TlsServer {
  readonly #identity: TlsIdentity;
  readonly #chance: Uint8Array;
  #wire: Uint8Array = none;
  /** Messages of the handshake that are not whole yet, and all that were, for their hash. */
  #messages: Uint8Array = none;
  #said: Uint8Array = none;
  #state: "hello" | "finished" | "open" | "over" = "hello";
  #in: Traffic | undefined;
  #out: Traffic | undefined;
  /** What the client's last message has to say, and the keys from then on. */
  #finished: Uint8Array = none;
  #later: { in: Traffic; out: Traffic } | undefined;

  /** `chance`: `tlsChanceBytes` that nobody can guess. */
  constructor(identity: TlsIdentity, chance: Uint8Array) {
    this.#identity = identity;
    this.#chance = chance;
  }

  get over(): boolean {
    return this.#state === "over";
  }

  receive(bytes: Uint8Array): TlsNews {
    const news: TlsNews = { plain: none, reply: none, ended: false };
    const plain: Uint8Array[] = [];
    const reply: Uint8Array[] = [];
    this.#wire = concat(this.#wire, bytes);
    try {
      while (!this.over && this.#wire.length >= 5) {
        const head = this.#wire.subarray(0, 5);
        const length = ((head[3] as number) << 8) | (head[4] as number);
        if (length > sealedBytesMax) throw new Alert(recordOverflow);
        if (this.#wire.length < 5 + length) break;
        const body = this.#wire.subarray(5, 5 + length);
        this.#wire = this.#wire.subarray(5 + length);
        this.#record(head, body, plain, reply);
      }
    } catch (error) {
      if (!(error instanceof Alert)) throw error;
      reply.push(this.#alert(error.code));
      this.#state = "over";
    }
    news.plain = concat(...plain);
    news.reply = concat(...reply);
    news.ended = this.over;
    return news;
  }

  /** Bytes of the server's as they go over the wire. */
  seal(bytes: Uint8Array): Uint8Array {
    return this.#out && this.#state === "open" ? this.#out.seal(kinds.data, bytes) : none;
  }

  /** The server says no more. */
  close(): Uint8Array {
    return this.#state === "open" ? this.#alert(closeNotify) : none;
  }

  #alert(code: number): Uint8Array {
    const body = Uint8Array.of(code === closeNotify ? 1 : 2, code);
    return this.#out ? this.#out.seal(kinds.alert, body) : record(kinds.alert, body);
  }

  #record(head: Uint8Array, body: Uint8Array, plain: Uint8Array[], reply: Uint8Array[]): void {
    let kind = head[0] as number;
    let bytes = body;
    // Sent for the sake of what lies between. RFC 8446, D.4
    if (kind === kinds.change) return;
    if (this.#in && kind === kinds.data) {
      const opened = this.#in.open(head, body);
      if (!opened) throw new Alert(badRecord);
      ({ kind, bytes } = opened);
    } else if (this.#in && kind !== kinds.alert) throw new Alert(unexpectedMessage);
    if (kind === kinds.alert) this.#state = "over";
    else if (kind === kinds.data && this.#state === "open") plain.push(bytes);
    else if (kind === kinds.handshake) this.#handshake(bytes, reply);
    else throw new Alert(unexpectedMessage);
  }

  #handshake(bytes: Uint8Array, reply: Uint8Array[]): void {
    this.#messages = concat(this.#messages, bytes);
    if (this.#messages.length > plainBytesMax) throw new Alert(alerts.decodeError);
    for (;;) {
      const [kind, a = 0, b = 0, c = 0] = this.#messages;
      const end = 4 + ((a << 16) | (b << 8) | c);
      if (kind === undefined || this.#messages.length < Math.max(end, 4)) return;
      const whole = this.#messages.subarray(0, end);
      this.#messages = this.#messages.subarray(end);
      this.#message(kind, whole, reply);
    }
  }

  #message(kind: number, whole: Uint8Array, reply: Uint8Array[]): void {
    const body = whole.subarray(4);
    if (kind === messages.hello && this.#state === "hello") return this.#greet(whole, reply);
    if (kind === messages.finished && this.#state === "finished") {
      const differs =
        body.length !== this.#finished.length || body.some((byte, i) => byte !== this.#finished[i]);
      if (differs || !this.#later) throw new Alert(decryptError);
      this.#in = this.#later.in;
      this.#out = this.#later.out;
      this.#state = "open";
      return;
    }
    if (kind !== messages.update || this.#state !== "open" || !this.#in || !this.#out)
      throw new Alert(unexpectedMessage);
    this.#in = this.#in.next();
    if (body[0] !== 1) return;
    reply.push(this.#out.seal(kinds.handshake, message(messages.update, Uint8Array.of(0))));
    this.#out = this.#out.next();
  }

  #hash(): Uint8Array {
    return sha256(this.#said);
  }

  /** Everything that a server says before the client's last word. */
  #greet(whole: Uint8Array, reply: Uint8Array[]): void {
    const hello = readHello(whole.subarray(4));
    if (typeof hello === "number") throw new Alert(hello);
    const secret = this.#chance.subarray(0, 32);
    const answer = serverHello(
      this.#chance.subarray(32),
      hello.sessionId,
      x25519.getPublicKey(secret),
    );
    this.#said = concat(whole, answer);
    const { handshake, main } = secretsOf(sharedOf(secret, hello.share));
    const clients = derived(handshake, "c hs traffic", this.#hash());
    const own = derived(handshake, "s hs traffic", this.#hash());
    const sealed: Uint8Array[] = [];
    const say = (part: Uint8Array): void => {
      sealed.push(part);
      this.#said = concat(this.#said, part);
    };
    say(encryptedExtensions(hello));
    say(certificateMessage(this.#identity.certificate));
    say(verifyMessage(this.#signed()));
    say(message(messages.finished, finishedOf(own, this.#hash())));
    reply.push(record(kinds.handshake, answer));
    if (hello.sessionId.length > 0) reply.push(record(kinds.change, Uint8Array.of(1)));
    this.#out = new Traffic(own);
    reply.push(this.#out.seal(kinds.handshake, concat(...sealed)));
    this.#in = new Traffic(clients);
    this.#finished = finishedOf(clients, this.#hash());
    this.#later = {
      in: new Traffic(derived(main, "c ap traffic", this.#hash())),
      out: new Traffic(derived(main, "s ap traffic", this.#hash())),
    };
    this.#state = "finished";
  }

  /** RFC 8446, 4.4.3 */
  #signed(): Uint8Array {
    const label = Uint8Array.from(verifyLabel, (char) => char.charCodeAt(0));
    const content = concat(new Uint8Array(64).fill(32), label, Uint8Array.of(0), this.#hash());
    return p256.sign(sha256(content), this.#identity.secret, { prehash: false, format: "der" });
  }
}

function sharedOf(secret: Uint8Array, share: Uint8Array): Uint8Array {
  try {
    return x25519.getSharedSecret(secret, share);
  } catch {
    // A point that gives nothing away of the key, and so no secret.
    throw new Alert(alerts.handshakeFailure);
  }
}
