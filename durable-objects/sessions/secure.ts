/** The TLS that a client speaks to a server behind a forwarded connection, unwrapped here: the servers are simulated. */
import { tlsChanceBytes, TlsServer, type TlsIdentity } from "../engine/machinery/tls/server.ts";
import { serverStepBytesMax } from "../limits.ts";
import { InputBuffer } from "./input.ts";

/** The first byte of a client that speaks TLS. RFC 8446, 5.1 */
const handshake = 22;

export class SecureEnd {
  /** What the client said, unwrapped. */
  readonly plain = new InputBuffer();
  ended = false;
  readonly #server: TlsServer;

  constructor(identity: TlsIdentity) {
    this.#server = new TlsServer(identity, crypto.getRandomValues(new Uint8Array(tlsChanceBytes)));
  }

  static isSpoken = (input: InputBuffer): boolean => input.next === handshake;

  /** Unwraps while little is waiting; `reply` sends to the client. */
  unwrap(input: InputBuffer, reply: (bytes: Uint8Array) => void): void {
    while (!this.ended && input.bytes > 0 && this.plain.bytes < serverStepBytesMax) {
      const news = this.#server.receive(input.take(serverStepBytesMax) as Uint8Array);
      if (news.reply.length > 0) reply(news.reply);
      this.plain.add(news.plain);
      this.ended = news.ended;
    }
  }

  seal(bytes: Uint8Array): Uint8Array {
    return this.#server.seal(bytes);
  }

  close(): Uint8Array {
    return this.#server.close();
  }
}
