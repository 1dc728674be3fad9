/** ChaCha20-Poly1305, beside OpenSSL's. */
import { createCipheriv, createHash } from "node:crypto";
import { expect, test } from "vitest";
import { seal, unseal } from "../../../durable-objects/engine/machinery/tls/chacha.ts";

/** Bytes that follow from a text. */
const bytes = (text: string, length: number): Uint8Array =>
  Uint8Array.from(createHash("shake256", { outputLength: length }).update(text).digest());

test.each([0, 1, 15, 16, 17, 63, 64, 65, 1_000, 16_385])(
  "%i bytes are sealed and opened",
  (length) => {
    for (let i = 0; i < 8; i++) {
      const [key, nonce] = [bytes(`key ${i}`, 32), bytes(`nonce ${i}`, 12)];
      const [beside, plain] = [bytes(`beside ${i}`, 5 * i), bytes(`plain ${i}`, length)];
      const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
      cipher.setAAD(beside, { plaintextLength: length });
      const expected = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      const sealed = seal(key, nonce, beside, plain);
      expect(Buffer.compare(expected, sealed)).toBe(0);
      expect(unseal(key, nonce, beside, sealed)).toEqual(plain);
      sealed[length] = (sealed[length] as number) ^ 1;
      expect(unseal(key, nonce, beside, sealed)).toBeUndefined();
    }
  },
);

test("sums that carry all the way", () => {
  const key = new Uint8Array(32).fill(255);
  const [nonce, plain] = [new Uint8Array(12).fill(255), new Uint8Array(4_096).fill(255)];
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  const expected = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  expect(Buffer.compare(expected, seal(key, nonce, new Uint8Array(), plain))).toBe(0);
});
