import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { act, openShare, paste, podsIn, showObjects, TerminalIn } from "../helpers/desk.ts";
import { makeSandbox, type Sandbox } from "../helpers/sandbox.ts";
import { executablePath, launch, openPage } from "./browsing.ts";

/** What goes wrong before a page, and in it: told in words, and nothing that somebody wrote is lost. */

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "nginx" }] },
    },
  },
};

const threeMegabytes = 3 * 1024 * 1024;

describe.skipIf(!executablePath)("bad input in the page", () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let sandbox: Sandbox;
  let terminal: TerminalIn;
  const service = inject("url");
  const polled = { timeout: 60_000 };
  const keyIn = (text: string): string => /podyard_[\w-]{43}/.exec(text)![0];
  const button = (name: string): Locator => page.getByRole("button", { name, exact: true });
  const yaml = (): Locator => page.getByRole("textbox", { name: "YAML of Deployment web" });
  const alert = (of = page): Locator => of.getByRole("alert");

  async function api<T>(path: string, method = "GET", body?: object): Promise<T> {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const response = await fetch(`${service}${path}`, {
      method,
      headers: { authorization: `Bearer ${keyIn(sandbox.url)}`, "content-type": type },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(response.status).toBeLessThan(300);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
  const deployments = (): string =>
    `/sandboxes/${sandbox.id}/apis/apps/v1/namespaces/default/deployments`;
  const stored = (): Promise<typeof deployment> => api(`${deployments()}/web`);

  /** Opens the Deployment's YAML. */
  async function edit(of: Page): Promise<void> {
    await showObjects(of);
    await of.getByRole("combobox", { name: "Kind" }).selectOption("deployments.apps");
    await of.getByRole("button", { name: "web", exact: true }).click();
    await of.getByRole("textbox", { name: "YAML of Deployment web" }).waitFor();
  }
  /** As the API tells it, and as the editor shows it. */
  const read = async (): Promise<string> => {
    const headers = { authorization: `Bearer ${keyIn(sandbox.url)}`, accept: "application/yaml" };
    const response = await fetch(`${service}${deployments()}/web`, { headers });
    return (await response.text()).replace(/^ {2}managedFields:\n(?: {2}[- ].*\n)*/m, "");
  };
  const change = async (from: string, to: string): Promise<void> => {
    const text = await read();
    expect(text).toContain(from);
    await paste(yaml(), text.replace(from, to));
    await page.getByText("Not saved yet.").waitFor();
  };
  const written = (): Promise<string> => yaml().innerText();
  const discard = async (): Promise<void> => {
    await button("Discard").click();
    await expect.poll(() => page.getByText("Not saved yet.").count(), polled).toBe(0);
  };
  /** What the editor marks in its text, as its list tells it. */
  const marked = async (): Promise<string[]> => {
    await yaml().press("ControlOrMeta+Shift+M");
    const list = page.getByRole("listbox", { name: "Diagnostics" });
    return list.getByRole("option").allTextContents();
  };

  beforeAll(async () => {
    sandbox = await makeSandbox(service);
    await api(deployments(), "POST", deployment);
    browser = await launch();
    context = await browser.newContext();
    ({ page } = await openPage(context));
    page.on("dialog", (dialog) => void dialog.accept());
    terminal = new TerminalIn(page);
    await page.goto(sandbox.url);
    await act(page, "Terminals for screen readers too");
    await edit(page);
  });
  afterAll(() => browser?.close());

  test.each([
    [
      "  replicas: 1",
      "  replicas: 1\n broken",
      /yaml: line \d+: /,
      /^All mapping items must start/,
    ],
    [
      "  replicas: 1",
      "  replicas: many",
      /cannot unmarshal string into Go struct field/,
      /"many" stands/,
    ],
    [
      "  replicas: 1",
      "  replica: 1",
      /strict decoding error: unknown field "spec.replica"/,
      /replica/,
    ],
    ["  replicas: 1", "  replicas: -1", /spec.replicas: Invalid value: -1/, /^Invalid value: -1/],
  ])(
    "what the server does not take is told and marked, and the text stays: %s to %j",
    async (from, to, words, mark) => {
      await change(from, to);
      await button("Try").click();
      await alert().getByText(words).waitFor();
      await expect.poll(async () => (await marked()).join("\n"), polled).toMatch(mark);
      await page.keyboard.press("Escape");
      expect(await written()).toContain(to.split("\n").at(-1));
      await discard();
    },
  );

  test("3 MB pasted into the editor: refused in words, and still there", async () => {
    await paste(
      yaml(),
      `${await read()}${"# some line of a text that is too long\n".repeat(82_000)}`,
    );
    await button("Try").click();
    await alert()
      .getByText(/This text has 3,\d{3},\d{3} bytes/)
      .waitFor();
    await page.getByText("Not saved yet.").waitFor();
    await discard();
  });

  test("3 MB pasted into a terminal: nothing is typed, and it goes on", async () => {
    const input = page.getByRole("textbox", { name: "Terminal input" });
    await input.evaluate((area, length) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", "echo x\n".repeat(length / 7));
      area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }, threeMegabytes);
    await terminal.status.getByText(/characters were pasted, and none of them typed/).waitFor();
    await terminal.type("echo $((6*7))");
    await expect.poll(() => terminal.text(), polled).toMatch(/echo \$\(\(6\*7\)\)\n42\n/);
    await terminal.status.waitFor({ state: "hidden" });
  });

  const label = (by: string): Promise<unknown> =>
    api(`${deployments()}/web`, "PATCH", { metadata: { labels: { by } } });

  test("two people edit one object: it is told, and neither text is lost unseen", async () => {
    await change("  replicas: 1", "  replicas: 2");
    await label("another");
    await alert().getByText("It was changed meanwhile, and not by you.").waitFor();
    await alert().getByText("by: another").waitFor();
    expect(await written()).toContain("replicas: 2");
    await button("Keep my text, over theirs").click();
    await button("Try").click();
    await page.getByLabel("Difference").getByText("by: another").waitFor();
    await button("Save").click();
    await page.getByText("Saved.").waitFor();
    expect((await stored()).spec.replicas).toBe(2);
  });

  test("one saves before the other, who has tried already: 409, and nothing is overwritten", async () => {
    await change("  replicas: 2", "  replicas: 3");
    await button("Try").click();
    await expect.poll(() => button("Save").isDisabled()).toBe(false);
    await label("first");
    await button("Save").click();
    await alert()
      .getByText(/the object has been modified/)
      .waitFor();
    expect(await written()).toContain("replicas: 3");
    expect((await stored()).spec.replicas).toBe(2);
    await alert().getByRole("button", { name: "Take theirs" }).click();
    await alert().getByRole("button", { name: "Take theirs" }).waitFor({ state: "detached" });
  });

  test("what was written and not saved is there again when one comes back to it", async () => {
    await change("  replicas: 2", "  replicas: 3");
    await page.getByRole("tab", { name: "Events" }).click();
    await page.getByRole("tab", { name: "YAML" }).click();
    await yaml().getByText("replicas: 3").waitFor();
    await discard();
  });

  test("an offline minute: the page says so, comes back, and misses nothing", async () => {
    await page.getByRole("combobox", { name: "Kind" }).selectOption("pods");
    await podsIn(page).waitFor();
    await context.setOffline(true);
    await page.getByText(/^The connection to the sandbox is lost/).waitFor();
    await terminal.status.getByText(/^The connection is lost/).waitFor();
    await api(`/sandboxes/${sandbox.id}/api/v1/namespaces/default/pods`, "POST", {
      metadata: { name: "meanwhile" },
      spec: { containers: [{ name: "web", image: "nginx" }] },
    });
    await terminal.type("echo typed $((40+2))");
    await context.setOffline(false);
    await page.getByText(/^Connected again/).waitFor();
    await podsIn(page)
      .getByRole("row", { name: /^meanwhile/ })
      .waitFor();
    await expect.poll(() => terminal.text(), polled).toContain("\ntyped 42\n");
  });

  test("a clock three hours off: ages are the cluster's, and who is here is here", async () => {
    // Somebody who has nothing open, and was there a moment ago.
    const path = `/api/sandboxes/${sandbox.id}/keys`;
    const made = await api<{ kubeconfig: string }>(path, "POST", { role: "viewer", name: "Robin" });
    const headers = { authorization: `Bearer ${keyIn(made.kubeconfig)}` };
    await fetch(`${service}/sandboxes/${sandbox.id}/api/v1/pods`, { headers });
    const off = await openPage(await browser.newContext());
    await off.page.addInitScript(() => {
      const Wall = Date;
      const offMs = 3 * 3_600_000;
      globalThis.Date = class extends Wall {
        constructor(...given: []) {
          super(...(given.length === 0 ? ([Wall.now() + offMs] as unknown as []) : given));
        }
        static override now = (): number => Wall.now() + offMs;
      } as DateConstructor;
    });
    await off.page.goto(sandbox.url);
    await showObjects(off.page);
    const row = podsIn(off.page).getByRole("row", { name: /^meanwhile/ });
    await expect.poll(() => row.textContent(), polled).toMatch(/Running0\d+s/);
    const bar = off.page.getByRole("region", { name: "Time", exact: true });
    // Not an offset of three hours.
    await bar.getByText("UTC", { exact: true }).waitFor();
    await openShare(off.page);
    const robin = off.page.getByRole("listitem").filter({ hasText: "Robin" });
    await robin.getByText(/^viewer, .* a minute ago/).waitFor();
    await off.page.context().close();
  });

  test("a key that is revoked in the middle: it is said, and the text stays", async () => {
    const path = `/api/sandboxes/${sandbox.id}/keys`;
    const made = await api<{ id: string; kubeconfig: string }>(path, "POST", { role: "editor" });
    const guest = await openPage(await browser.newContext());
    await guest.page.goto(`${service}/s/${sandbox.id}#k=${keyIn(made.kubeconfig)}`);
    await edit(guest.page);
    const text = guest.page.getByRole("textbox", { name: "YAML of Deployment web" });
    await paste(text, "mine");
    await api(`${path}/${made.id}`, "DELETE");
    await alert(guest.page).getByText("The key of this link does not open the sandbox").waitFor();
    expect(await text.innerText()).toBe("mine");
    await guest.page.context().close();
  });

  test("a sandbox that ends while it is open says so, and keeps what was written", async () => {
    await paste(yaml(), "mine");
    await api(`/api/sandboxes/${sandbox.id}`, "DELETE");
    await alert().getByText("That sandbox has expired or was deleted.").waitFor();
    expect(await written()).toBe("mine");
    await alert().getByRole("link", { name: "Make a sandbox of your own" }).click();
    await button("Make a sandbox").waitFor();
  });
});
