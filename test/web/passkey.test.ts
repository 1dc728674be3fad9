import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { addVirtualAuthenticator } from "../helpers/virtual-authenticator.ts";
import { executablePath, launch } from "./browsing.ts";

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

describe.skipIf(!executablePath)("passkeys in a browser", () => {
  let browser: Browser;
  let page: Page;
  // Browsers know passkeys by a name, not at an address.
  const origin = inject("url").replace("127.0.0.1", "localhost");

  beforeAll(async () => {
    browser = await launch();
    page = await (await browser.newContext()).newPage();
    await page.goto(origin);
    await addVirtualAuthenticator(page);
  });
  afterAll(() => browser?.close());

  const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
    page.evaluate(
      async ({ method: how, path: where, body: said }) => {
        const sent = said === undefined ? {} : { body: JSON.stringify(said) };
        const response = await fetch(where, { method: how, ...sent });
        const text = await response.text();
        const told = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
        return { status: response.status, body: told };
      },
      { method, path, body },
    );

  const register = async (name: string): Promise<Answer> => {
    const { body } = await ask("POST", "/api/me/passkeys/options", { person: name });
    const credential = await page.evaluate(async (options) => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
        options as unknown as PublicKeyCredentialCreationOptionsJSON,
      );
      const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
      return made.toJSON() as unknown;
    }, body["publicKey"]);
    return ask("POST", "/api/me/passkeys/verify", { credential, name: "Browser", person: name });
  };

  const signIn = async (): Promise<Answer> => {
    const { body } = await ask("POST", "/api/sign-in/passkey/options");
    const credential = await page.evaluate(async (options) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
        options as unknown as PublicKeyCredentialRequestOptionsJSON,
      );
      const found = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
      return found.toJSON() as unknown;
    }, body["publicKey"]);
    return ask("POST", "/api/sign-in/passkey/verify", { credential });
  };

  test("an anonymous lab is kept by a passkey, and found by it again", async () => {
    const { ways } = (await ask("GET", "/api/sign-in")).body as { ways: { id: string }[] };
    expect(ways.map(({ id }) => id)).toEqual(["passkey", "development"]);
    const made = await ask("POST", "/api/sandboxes", { title: "My lab" });
    expect(made.status).toBe(201);
    const before = await ask("GET", "/api/me");
    expect(before.body).toMatchObject({ name: null });

    expect(await register("Ada")).toMatchObject({ status: 201, body: { name: "Browser" } });
    const named = { ...before.body, name: "Ada" };
    expect((await ask("GET", "/api/me")).body).toEqual(named);

    expect((await ask("DELETE", "/api/me/sessions/all")).status).toBe(204);
    expect((await ask("GET", "/api/sandboxes")).status).toBe(401);

    const { status, body } = await signIn();
    expect({ status, body: { embedOrigins: null, ...body } }).toEqual({ status: 200, body: named });
    const kept = (await ask("GET", "/api/sandboxes")).body;
    expect(kept).toMatchObject({ sandboxes: [{ id: made.body["id"], title: "My lab" }] });
    const id = made.body["id"] as string;
    expect((await ask("GET", `/sandboxes/${id}/version`)).body).toMatchObject({ major: "1" });
  });

  test("what was made before a sign-in elsewhere comes along", async () => {
    await ask("DELETE", "/api/me/sessions/current");
    const made = await ask("POST", "/api/sandboxes", { title: "Another" });
    expect((await signIn()).status).toBe(200);
    const { sandboxes } = (await ask("GET", "/api/sandboxes")).body as {
      sandboxes: { id: string; title: string }[];
    };
    expect(sandboxes.map(({ title }) => title)).toEqual(["Another", "My lab"]);
    expect(sandboxes[0]!.id).toBe(made.body["id"]);
  });

  test("a device asks for no second passkey of the same person", async () => {
    await expect(register("Ada")).rejects.toThrow(/InvalidStateError/);
  });

  test("a page of another origin cannot sign its visitor in", async () => {
    const other = await browser.newPage();
    // A form whose text is JSON, sent as a navigation: then the cookie of the answer would be taken.
    await other.setContent(
      `<form method="post" enctype="text/plain" action="${origin}/api/sign-in/development">
        <input name='{"name":"planted' value='by another"}'><button>Win</button></form>`,
    );
    const [answer] = await Promise.all([
      other.waitForResponse(/sign-in/),
      other.getByRole("button").click(),
    ]);
    expect(answer.status()).toBe(403);
    expect(await answer.text()).toContain("pages of another origin may sign nobody in here");
    expect(await other.context().cookies(origin)).toEqual([]);
    await other.close();
  });
});
