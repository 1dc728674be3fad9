import { turnstile } from "../../../worker/human.ts";

/** Podyard with a stand-in for Turnstile's service, which confirms one token. */

export { default, SandboxObject } from "../../../worker/local.ts";

turnstile.ask = async (_url, init) => {
  const body = init.body as URLSearchParams;
  return Response.json({ success: body.get("response") === "good" });
};
