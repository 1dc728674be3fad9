/** What the cluster's key is used for by parts that never see it. */
import type { TokenSigner } from "../../ports/controller.ts";
import { certifiedUser } from "./client-certificates.ts";
import { signToken, type SigningKey } from "./tokens.ts";

export const signerWith = (key: SigningKey): TokenSigner => ({
  sign: (claims) => signToken(key, claims),
  certifiedUser: (certificate, now) => certifiedUser(key, certificate, now),
});
