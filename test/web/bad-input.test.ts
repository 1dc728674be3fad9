import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { act, openShare, podsIn, showObjects, TerminalIn } from "../helpers/desk.ts";
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
  const change = async (from: string, to: string): Promise<void> => {
    const text = await yaml().inputValue();
    expect(text).toContain(from);
    await yaml().fill(text.replace(from, to));
  };
  /** What is marked in the editor. */
  const marked = (): Promise<string> =>
    yaml().evaluate((area) => {
      const { value, selectionStart, selectionEnd } = area as HTMLTextAreaElement;
      return value.slice(selectionStart, selectionEnd);
    });
  const readAnew = async (): Promise<void> => {
    await button("Read anew").click();
    await expect.poll(() => button("Try").isDisabled()).toBe(true);
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

  test("broken YAML: the line is told and marked, and the text stays", async () => {
    await change("  replicas: 1", "  replicas: 1\n broken");
    await button("Try").click();
    await alert()
      .getByText(/yaml: line \d+: /)
      .waitFor();
    await alert()
      .getByRole("button", { name: /^Line \d+$/ })
      .waitFor();
    expect(await yaml().inputValue()).toContain("\n broken\n");
    expect(await yaml().getAttribute("aria-invalid")).toBe("true");
    await readAnew();
  });

  test.each([
    [
      "  replicas: 1",
      "  replicas: many",
      /cannot unmarshal string into Go struct field/,
      "replicas",
    ],
    [
      "  replicas: 1",
      "  replica: 1",
      /strict decoding error: unknown field "spec.replica"/,
      "replica",
    ],
    ["  replicas: 1", "  replicas: -1", /spec.replicas: Invalid value: -1/, "replicas"],
    [
      "        name: web",
      "        name: Web",
      /containers\[0\].name: Invalid value: "Web"/,
      "name",
    ],
  ])(
    "a field that the server does not take is marked: %s to %s",
    async (from, to, words, field) => {
      await change(from, to);
      await button("Try").click();
      await alert().getByText(words).waitFor();
      await expect.poll(marked).toBe(field);
      const line = (await yaml().inputValue()).split("\n").indexOf(to) + 1;
      await alert()
        .getByRole("button", { name: `Line ${line}`, exact: true })
        .waitFor();
      await readAnew();
    },
  );

  test("3 MB pasted into the editor: refused in words, and still there", async () => {
    const text = `${await yaml().inputValue()}# ${"x".repeat(threeMegabytes)}\n`;
    await yaml().fill(text);
    await button("Try").click();
    await alert()
      .getByText(/^\s*This text has 3,\d{3},\d{3} bytes/)
      .waitFor();
    expect(await yaml().evaluate((area) => (area as HTMLTextAreaElement).value.length)).toBe(
      text.length,
    );
    await readAnew();
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
    await expect.poll(() => terminal.status.textContent()).toBe("");
  });

  test("two people edit one object: both changes come together, and it is told", async () => {
    await change("  replicas: 1", "  replicas: 2");
    await api(`${deployments()}/web`, "PATCH", { metadata: { labels: { by: "another" } } });
    await button("Try").click();
    await alert()
      .getByText(/the object has been modified/)
      .waitFor();
    const text = await yaml().inputValue();
    expect(text).toContain("  replicas: 2");
    expect(text).toContain("by: another");
    await button("Save").click();
    await alert().waitFor({ state: "detached" });
    const found = await stored();
    expect(found.spec.replicas).toBe(2);
    expect(found.metadata).toMatchObject({ labels: { by: "another" } });
  });

  test("they change the same line between trying and saving: nothing is saved unseen", async () => {
    await change("image: nginx", "image: nginx:1.27");
    await button("Try").click();
    await expect.poll(() => button("Save").isDisabled()).toBe(false);
    const containers = [{ name: "web", image: "httpd" }];
    await api(`${deployments()}/web`, "PATCH", { spec: { template: { spec: { containers } } } });
    await button("Save").click();
    await alert().getByText("Both changed the same.").waitFor();
    await alert().getByText("- image: httpd").first().waitFor();
    expect((await stored()).spec.template.spec.containers[0]!.image).toBe("httpd");
    expect(await yaml().inputValue()).toContain("image: nginx:1.27");
    await button("Save").click();
    await alert().waitFor({ state: "detached" });
    expect((await stored()).spec.template.spec.containers[0]!.image).toBe("nginx:1.27");
  });

  test("what was written and not saved is there again when one comes back to it", async () => {
    await change("  replicas: 2", "  replicas: 3");
    await page.getByRole("tab", { name: "Events" }).click();
    await page.getByRole("tab", { name: "YAML" }).click();
    expect(await yaml().inputValue()).toContain("  replicas: 3");
    await readAnew();
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
    await off.page.getByText("as the wall").waitFor();
    await openShare(off.page);
    await off.page.getByText(/^owner, .*page and terminal, since /).waitFor();
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
    await text.fill("mine");
    await api(`${path}/${made.id}`, "DELETE");
    await alert(guest.page).getByText("The key of this link does not open the sandbox").waitFor();
    expect(await text.inputValue()).toBe("mine");
    await guest.page.context().close();
  });

  test("a sandbox that ends while it is open says so, and keeps what was written", async () => {
    await yaml().fill("mine");
    await api(`/api/sandboxes/${sandbox.id}`, "DELETE");
    await alert().getByText("That sandbox has expired or was deleted.").waitFor();
    expect(await yaml().inputValue()).toBe("mine");
    await alert().getByRole("link", { name: "Make a sandbox of your own" }).click();
    await button("Make a sandbox").waitFor();
  });
});
