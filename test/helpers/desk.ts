import type { FrameLocator, Locator, Page } from "playwright-core";

/** What clicks the page of a sandbox. */

/** Its name tells how many are here, where that is more than one. */
export const shareButton = (page: Page): Locator =>
  page.getByRole("button", { name: /^Share( \d+ here)?$/ });

/** Opens who is here, how others come in, and how kubectl does. */
export async function openShare(page: Page): Promise<void> {
  await shareButton(page).click();
  await page.getByRole("heading", { name: "Connect kubectl" }).waitFor();
}

/** It lies over the panels. */
export const closeShare = (page: Page): Promise<void> =>
  page.getByRole("complementary", { name: "Share" }).getByRole("button", { name: "Close" }).click();

export const showObjects = (page: Page): Promise<void> =>
  page.getByRole("tab", { name: "Objects" }).click();

/** By its name in the palette. */
export async function act(page: Page, action: string): Promise<void> {
  // The keyboard listens once the desk is there.
  await page.getByRole("tab", { name: "Picture" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Action or object" }).fill(action);
  await page.getByRole("option", { name: action }).first().click();
}

/** Of a table of Pods as the server prints it. */
export const podsIn = (page: Page | FrameLocator): Locator =>
  page.getByRole("region", { name: "Pods, as the server prints them" });

/** The kubeconfig that the page shows, once it is asked for. */
export const kubeconfigIn = async (page: Page): Promise<string> => {
  await page.getByText("Show it").click();
  return (await page.getByRole("region", { name: "The kubeconfig" }).textContent()) ?? "";
};

/** A terminal of the page as screen readers have it; `tab`: its title. */
export class TerminalIn {
  readonly #page: Page;
  readonly #panel: Locator;

  constructor(page: Page, tab = "control-plane") {
    this.#page = page;
    this.#panel = page.getByRole("tabpanel", { name: tab });
  }

  /** What is on the screen, line by line. */
  async text(): Promise<string> {
    const lines = await this.#panel.getByRole("listitem").allTextContents();
    return lines.map((line) => line.replaceAll("\u00a0", " ").trimEnd()).join("\n");
  }

  async type(line: string): Promise<void> {
    await this.#panel.getByRole("textbox", { name: "Terminal input" }).focus();
    await this.#page.keyboard.type(line);
    await this.#page.keyboard.press("Enter");
  }

  /** What the panel says of the terminal itself. */
  get status(): Locator {
    return this.#panel.getByRole("status");
  }
}

/** The picture in words. */
export const twinOf = (page: Page | FrameLocator): Locator =>
  page.getByRole("region", { name: "The picture as a table" });

/** Puts a text in the place of what an editor holds, as a paste does. */
export async function paste(editor: Locator, text: string): Promise<void> {
  await editor.press("ControlOrMeta+a");
  await editor.evaluate((element, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    element.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
    );
  }, text);
}
