import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/browser";
import { askJson } from "./client.ts";
import { knowMe } from "./me.ts";

/** The ways in that this deployment has. */

export interface Way {
  id: string;
  kind: string;
  name: string;
  /** Of ways that go by a provider's pages. */
  start?: string;
}

export const listWays = async (): Promise<Way[]> =>
  (await askJson<{ ways: Way[] }>("/api/sign-in")).ways;

/** Back to the path `to` afterwards. */
export function goToProvider(start: string, to: string): void {
  knowMe();
  location.assign(`${start}?to=${encodeURIComponent(to)}`);
}

export async function signInByName(name: string): Promise<void> {
  await askJson("/api/sign-in/development", { method: "POST", body: { name } });
  knowMe();
}

export async function signInByPasskey(): Promise<void> {
  const { startAuthentication } = await import("@simplewebauthn/browser");
  const { publicKey } = await askJson<{ publicKey: PublicKeyCredentialRequestOptionsJSON }>(
    "/api/sign-in/passkey/options",
    { method: "POST" },
  );
  const credential = await startAuthentication({ optionsJSON: publicKey });
  await askJson("/api/sign-in/passkey/verify", { method: "POST", body: { credential } });
  knowMe();
}

/** Who was nobody, or nameless, is called `person` from then on, and signed in. */
export async function registerPasskey(person: string, name?: string): Promise<void> {
  const { startRegistration } = await import("@simplewebauthn/browser");
  const called = person === "" ? {} : { person };
  const { publicKey } = await askJson<{ publicKey: PublicKeyCredentialCreationOptionsJSON }>(
    "/api/me/passkeys/options",
    { method: "POST", body: called },
  );
  const credential = await startRegistration({ optionsJSON: publicKey });
  await askJson("/api/me/passkeys/verify", {
    method: "POST",
    body: { credential, ...(name && { name }), ...called },
  });
  knowMe();
}
