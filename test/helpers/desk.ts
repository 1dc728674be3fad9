import type { Page } from "playwright-core";

/** What clicks the page of a sandbox. */

/** Opens who is here, how others come in, and how kubectl does. */
export async function openShare(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("heading", { name: "Connect kubectl" }).waitFor();
}

export const showObjects = (page: Page): Promise<void> =>
  page.getByRole("tab", { name: "Objects" }).click();
