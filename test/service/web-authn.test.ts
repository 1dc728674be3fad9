import {
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { expect, test } from "vitest";
import { base64url, fromBase64url } from "../../worker/secrets.ts";
import { counterAfter, newCredential } from "../../worker/sign-in/web-authn.ts";
import { Authenticator, type Algorithm } from "../worker/people/authenticator.ts";

/** Answers of honest and other authenticators, judged as @simplewebauthn/server judges them. */

const origin = "https://podyard.test";
const expected = { challenge: "Y2hhbGxlbmdl", origin };
const known = { expectedChallenge: expected.challenge, expectedOrigin: origin };
const theirOptions = { ...known, expectedRPID: "podyard.test", requireUserVerification: true };
const creation = { challenge: expected.challenge, rp: { id: "podyard.test" }, user: { id: "YQ" } };
const request = { challenge: expected.challenge, rpId: "podyard.test" };
const algorithms: Algorithm[] = ["ES256", "EdDSA", "RS256"];

type Creation = RegistrationResponseJSON;
type Assertion = AuthenticationResponseJSON;
type Credential = Awaited<ReturnType<typeof newCredential>>;

const orRefused = async <T>(verdict: Promise<T>): Promise<T | "refused"> =>
  verdict.catch(() => "refused" as const);

async function theirCredential(response: Creation): Promise<Credential> {
  const supportedAlgorithmIDs = [-8, -7, -257];
  const done = await verifyRegistrationResponse({
    response,
    ...theirOptions,
    supportedAlgorithmIDs,
  });
  if (!done.verified) throw new Error("refused");
  const { id, publicKey, counter } = done.registrationInfo.credential;
  return { id, publicKey: base64url(publicKey), counter };
}

async function theirCounter(response: Assertion, passkey: Credential): Promise<number> {
  const credential = { ...passkey, publicKey: fromBase64url(passkey.publicKey) };
  const done = await verifyAuthenticationResponse({ response, ...theirOptions, credential });
  if (!done.verified) throw new Error("refused");
  return done.authenticationInfo.newCounter;
}

/** Numbers below `max`, the same in every run. */
function drawing(seed: number): (max: number) => number {
  let state = seed;
  return (max) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * max);
  };
}

/** Bytes that are cut, longer, or have another bit. */
function damaged(bytes: Uint8Array, draw: (max: number) => number): Uint8Array {
  const how = draw(8);
  if (how === 0) return bytes.slice(0, draw(bytes.length));
  if (how === 1) return new Uint8Array([...bytes, ...Array.from({ length: 1 + draw(9) }, draw)]);
  const out = bytes.slice();
  for (let i = 0; i <= draw(2); i++) out[draw(bytes.length)]! ^= 1 << draw(8);
  return out;
}

const inField = async <C extends Creation | Assertion>(
  credential: C,
  name: keyof C["response"] & string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<C> => {
  const response = credential.response as unknown as Record<string, string>;
  const value = base64url(change(fromBase64url(response[name]!)));
  return { ...credential, response: { ...credential.response, [name]: value } };
};

test.each(algorithms)("%s: honest answers hold, and say the same", async (algorithm) => {
  const key = await Authenticator.make(origin, algorithm);
  const made = (await key.create(creation)) as Creation;
  const passkey = await newCredential(made.response, expected);
  expect(passkey).toEqual(await theirCredential(made));
  expect(passkey).toMatchObject({ id: key.id, counter: 0 });
  for (const counter of [1, 2]) {
    const answer = (await key.get(request)) as Assertion;
    expect(await counterAfter(answer.response, expected, passkey)).toBe(counter);
    expect(await theirCounter(answer, passkey)).toBe(counter);
  }
});

test.each(algorithms)("%s: signed authenticator data of every kind", async (algorithm) => {
  const key = await Authenticator.make(origin, algorithm);
  const passkey = await newCredential(
    ((await key.create(creation)) as Creation).response,
    expected,
  );
  const extensions = [0xa1, 0x61, 0x61, 0xf5];
  const kinds: ((honest: Uint8Array) => Uint8Array)[] = [];
  for (let flags = 0; flags < 256; flags++) {
    kinds.push((honest) => honest.with(32, flags));
    kinds.push((honest) => new Uint8Array([...honest.with(32, flags), ...extensions]));
  }
  const draw = drawing(algorithm.length * 7 + algorithm.charCodeAt(0));
  for (let i = 0; i < 200; i++) kinds.push((honest) => damaged(honest, draw));
  let held = 0;
  for (const data of kinds) {
    const answer = (await key.get(request, { data })) as Assertion;
    const ours = await orRefused(counterAfter(answer.response, expected, passkey));
    expect(ours).toEqual(await orRefused(theirCounter(answer, passkey)));
    if (ours !== "refused") held += 1;
  }
  // Present, verified, and backed up only where that may be; the two bits that mean nothing are free.
  expect(held).toBeGreaterThanOrEqual(24);
});

test.each(algorithms)("%s: nothing that was damaged on its way holds", async (algorithm) => {
  const key = await Authenticator.make(origin, algorithm);
  const made = (await key.create(creation)) as Creation;
  const passkey = await newCredential(made.response, expected);
  const draw = drawing(41 + algorithm.length);
  for (const name of ["clientDataJSON", "authenticatorData", "signature"] as const) {
    for (let i = 0; i < 100; i++) {
      const honest = (await key.get(request)) as Assertion;
      const answer = await inField(honest, name, (bytes) => damaged(bytes, draw));
      if (answer.response[name] === honest.response[name]) continue;
      expect([name, await orRefused(counterAfter(answer.response, expected, passkey))]).toEqual([
        name,
        "refused",
      ]);
    }
  }
});

/** `{"fmt": "none", "attStmt": {}, "authData": ` and the mark of the bytes behind. */
const dataFrom = (attestation: Uint8Array): number => (attestation[28] === 0x59 ? 31 : 30);

test.each(algorithms)(
  "%s: what holds of a damaged registration held there too",
  async (algorithm) => {
    const key = await Authenticator.make(origin, algorithm);
    const honest = (await key.create(creation)) as Creation;
    const draw = drawing(97 + algorithm.length);
    let held = 0;
    for (let i = 0; i < 600; i++) {
      const made = await inField(honest, "attestationObject", (bytes) => {
        const from = dataFrom(bytes);
        return new Uint8Array([...bytes.slice(0, from), ...damaged(bytes.slice(from), draw)]);
      });
      const ours = await orRefused(newCredential(made.response, expected));
      if (ours === "refused") continue;
      held += 1;
      expect(ours).toEqual(await theirCredential(made));
    }
    expect(held).toBeGreaterThan(20);
    for (let i = 0; i < 200; i++) {
      const made = await inField(honest, "clientDataJSON", (bytes) => damaged(bytes, draw));
      const ours = await orRefused(newCredential(made.response, expected));
      expect(ours).toEqual(await orRefused(theirCredential(made)));
    }
  },
);

test("a key with which nobody could come back is refused at once", async () => {
  const key = await Authenticator.make(origin);
  const made = (await key.create(creation, {
    // The last byte of y: no point of the curve.
    data: (honest) => honest.with(honest.length - 1, honest.at(-1)! ^ 1),
  })) as Creation;
  expect(await theirCredential(made)).toMatchObject({ id: key.id });
  expect(await orRefused(newCredential(made.response, expected))).toBe("refused");
});

test("what an authenticator says of its maker is passed over", async () => {
  const key = await Authenticator.make(origin);
  const honest = (await key.create(creation)) as Creation;
  const named = await inField(honest, "attestationObject", (bytes) => {
    const at = bytes.indexOf("n".charCodeAt(0));
    return new Uint8Array([
      ...bytes.slice(0, at - 1),
      0x63,
      ...new TextEncoder().encode("tpm"),
      ...bytes.slice(at + 4),
    ]);
  });
  expect(await newCredential(named.response, expected)).toEqual(
    await newCredential(honest.response, expected),
  );
});

test("an answer out of another origin's frame is refused", async () => {
  const key = await Authenticator.make(origin);
  const passkey = await newCredential(
    ((await key.create(creation)) as Creation).response,
    expected,
  );
  const framed = async <C extends Creation | Assertion>(credential: C): Promise<C> =>
    inField(credential, "clientDataJSON" as never, (bytes) => {
      const said = JSON.parse(new TextDecoder().decode(bytes)) as object;
      const text = JSON.stringify({ ...said, crossOrigin: true, topOrigin: "https://evil.test" });
      return new TextEncoder().encode(text);
    });
  const made = await framed((await key.create(creation)) as Creation);
  expect(await orRefused(newCredential(made.response, expected))).toBe("refused");
  const answer = await framed((await key.get(request)) as Assertion);
  expect(await orRefused(counterAfter(answer.response, expected, passkey))).toBe("refused");
  expect(await orRefused(theirCounter(answer, passkey))).toBe("refused");
});
