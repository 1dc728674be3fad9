import type { Page } from "playwright-core";
import { shareButton } from "../helpers/desk.ts";
import { promptOf, type Stage } from "./stage.ts";

/** The main views, and how one comes to each. */

export interface View {
  name: string;
  /** The whole page, not only what a screen shows. */
  whole?: boolean;
  show(page: Page, stage: Stage): Promise<unknown>;
}

const isPhone = (page: Page): boolean => (page.viewportSize()?.width ?? 0) < 700;

async function desk(page: Page, { origin, id, key }: Stage, query = ""): Promise<void> {
  await page.goto(`${origin}/s/${id}${query}#k=${key}`);
  // A phone's terminal is behind another tab.
  if (!isPhone(page) && query === "") await promptOf(page);
  await page.waitForTimeout(1_500);
}

/** Goes to a panel as one does there. */
async function panel(page: Page, title: string): Promise<void> {
  if (isPhone(page)) await page.getByRole("button", { name: title, exact: true }).click();
  else await page.getByRole("tab", { name: title, exact: true }).click();
  await page.waitForTimeout(500);
}

async function select(page: Page, kind: string, name: RegExp): Promise<void> {
  await panel(page, "Objects");
  await page.getByRole("combobox", { name: "Kind" }).selectOption(kind);
  await page.getByRole("button", { name }).first().click();
  await page.locator("aside").getByRole("heading", { level: 2 }).waitFor();
}

export const views: View[] = [
  {
    name: "start",
    whole: true,
    async show(page, { origin }) {
      await page.goto(origin);
      await page.getByRole("link", { name: "First Pods" }).waitFor();
    },
  },
  { name: "desk", show: (page, stage) => desk(page, stage) },
  {
    name: "picture",
    async show(page, stage) {
      await desk(page, stage, "?view=picture");
      await page.getByRole("img", { name: /^Picture of the cluster/ }).focus();
      for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowDown");
    },
  },
  {
    name: "objects",
    async show(page, stage) {
      await desk(page, stage);
      await select(page, "pods", /^flaky/);
      await page.getByRole("tab", { name: "Describe" }).click();
      await page.getByText("Node:").first().waitFor();
    },
  },
  {
    name: "yaml",
    async show(page, stage) {
      await desk(page, stage);
      await select(page, "deployments.apps", /^my-web/);
      await page.getByRole("tab", { name: "YAML" }).click();
      const editor = page.locator(".cm-content, textarea.yaml").first();
      await editor.waitFor();
      await editor.click();
      await page.keyboard.press("Control+End");
      await page.waitForTimeout(500);
    },
  },
  {
    name: "timeline",
    async show(page, stage) {
      await desk(page, stage);
      await panel(page, "Timeline");
      if (isPhone(page)) await page.getByRole("button", { name: "Time", exact: true }).click();
      const slider = page.getByRole("slider", { name: "Moment" });
      await slider.focus();
      for (const key of ["PageDown", "PageDown", "ArrowLeft"]) await page.keyboard.press(key);
      await page.getByText("You look at").waitFor();
    },
  },
  {
    name: "share",
    async show(page, stage) {
      await desk(page, stage);
      await shareButton(page).click();
      await page.getByRole("heading", { name: "Connect kubectl" }).waitFor();
    },
  },
  {
    name: "palette",
    async show(page, stage) {
      await desk(page, stage);
      await page.keyboard.press("Control+K");
      await page.getByRole("combobox", { name: "Action or object" }).fill("web");
    },
  },
  {
    name: "embed",
    whole: true,
    async show(page, { origin, id, key }) {
      await page.goto(`${origin}/embed/s/${id}#k=${key}`);
      await page.getByRole("img", { name: /^Picture of the cluster/ }).waitFor();
      await page.getByRole("row", { name: /^flaky/ }).waitFor();
    },
  },
  {
    name: "scenario",
    whole: true,
    async show(page, { origin }) {
      await page.goto(`${origin}/l/a-rollout-that-stops`);
      await page.getByRole("button", { name: "Start" }).waitFor();
      await page.locator(".prose").waitFor();
    },
  },
  {
    name: "snapshot",
    whole: true,
    async show(page, { origin, snapshot }) {
      await page.goto(origin + snapshot);
      await page.getByRole("img", { name: /^Picture of the cluster/ }).waitFor();
    },
  },
  {
    name: "me",
    whole: true,
    async show(page, { origin }) {
      await page.goto(`${origin}/me`);
      await page.getByRole("heading", { name: "Sandboxes" }).waitFor();
    },
  },
];

/** An empty cluster, as a newcomer meets it. */
export const emptyViews: View[] = [
  {
    name: "empty",
    async show(page, { origin }) {
      await page.goto(origin);
      await page.getByRole("button", { name: "Make a sandbox" }).click();
      await page.getByRole("img", { name: /^Picture of the cluster/ }).waitFor();
      await page.waitForTimeout(1_500);
    },
  },
];
