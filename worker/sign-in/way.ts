import type { Attempt } from "./attempt.ts";

/** What a way to sign in is. */

interface WayHead {
  /** In addresses, and in a session as how it began. */
  id: string;
  /** As a button says it. */
  name: string;
}

/** Somebody, as a provider knows them. */
export interface Identity {
  /** `github`, or an issuer's address. */
  provider: string;
  /** Theirs for ever; never an e-mail address, which may become somebody else's. */
  subject: string;
  name: string;
}

/** By a provider's pages and back (OAuth 2.0, OpenID Connect). */
export interface RedirectWay extends WayHead {
  kind: "redirect";
  /** Where the browser is sent. */
  start: (attempt: Attempt, redirectUri: string) => Promise<URL>;
  /** Who came back; throws EdgeError where the provider says no or says it wrongly. */
  finish: (attempt: Attempt, redirectUri: string, answered: URLSearchParams) => Promise<Identity>;
}

/** By a credential of one's own device: POST /api/sign-in/passkey/options and /verify. */
export interface PasskeyWay extends WayHead {
  kind: "passkey";
}

/** By a name alone: POST /api/sign-in/development. */
export interface DevelopmentWay extends WayHead {
  kind: "development";
}

export type Way = RedirectWay | PasskeyWay | DevelopmentWay;
