import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { executablePath, expectPlain, launch, openPage } from "./browsing.ts";
import { openShare, showObjects } from "../helpers/desk.ts";

describe.skipIf(!executablePath)("two people", () => {
  let browser: Browser;
  let owner: Page;
  let guest: Page;
  const problems: string[][] = [];
  let invitation = "";

  beforeAll(async () => {
    browser = await launch();
    const mine = await openPage(await browser.newContext());
    const theirs = await openPage(await browser.newContext());
    owner = mine.page;
    guest = theirs.page;
    problems.push(mine.problems, theirs.problems);
  });
  afterAll(() => browser?.close());

  test("the owner makes a sandbox and an invitation as viewer", async () => {
    await owner.goto(inject("url"));
    await expectPlain(owner);
    await owner.getByRole("button", { name: "Make a sandbox" }).click();
    await openShare(owner);
    await owner.getByLabel("As", { exact: true }).selectOption("viewer");
    await owner.getByRole("button", { name: "Make an invitation" }).click();
    await owner.getByText("Send this link.").waitFor();
    invitation = (await owner.getByLabel("the invitation link", { exact: true }).textContent())!;
    expect(invitation).toMatch(/\/i\/[\w-]+$/);
    await expectPlain(owner);
  });

  test("the guest accepts with a name, sees the Pods, and may not share", async () => {
    await guest.goto(invitation);
    await guest.getByText("You are invited to a sandbox as viewer").waitFor();
    await expectPlain(guest);
    await guest.getByLabel("How others see you").fill("Robin");
    await guest.getByRole("button", { name: "Accept" }).click();
    await openShare(guest);
    await guest.getByText("You look at this sandbox as a viewer.").waitFor();
    await showObjects(guest);
    await guest.getByText("No Pods here yet").waitFor();
    expect(new URL(guest.url()).hash).toBe("");
    expect(await guest.getByRole("button", { name: "Make an invitation" }).count()).toBe(0);
    expect(await guest.getByRole("button", { name: "Delete", exact: true }).count()).toBe(0);
  });

  test("each sees who is here, as they come and go", async () => {
    const [mine, theirs] = [owner, guest].map((page) =>
      page.getByRole("region", { name: "Here now" }),
    );
    await mine!.getByText("Robin").waitFor();
    await mine!.getByText(/^viewer, page, since /).waitFor();
    await theirs!.getByText("You (Robin)").waitFor();
    await theirs!.getByText(/^owner, page and terminal, since /).waitFor();
    const invited = guest.url();
    await guest.goto("about:blank");
    await mine!.getByText("viewer, page, a minute ago").waitFor();
    await guest.goto(invited);
    await mine!.getByText(/^viewer, page, since /).waitFor();
  });

  test("the owner sees the guest and makes them an editor", async () => {
    await owner.reload();
    await openShare(owner);
    await owner.getByLabel("Role of Robin").selectOption("editor");
    await guest.reload();
    await openShare(guest);
    await guest.getByRole("button", { name: "Make an invitation" }).waitFor();
    await guest.goto("about:blank");
    await owner.getByRole("button", { name: "Remove Robin" }).click();
    await owner.getByText("Nobody but the owner").waitFor();
  });

  test("the owner signs in, keeps the sandbox, renames it and signs out", async () => {
    await owner.goto(`${inject("url")}/me`);
    await owner.getByRole("heading", { name: "Sandboxes" }).waitFor();
    await owner.getByRole("navigation").getByRole("button", { name: "Sign in" }).click();
    await expectPlain(owner);
    await owner.getByLabel("Name, for development").fill("Ada");
    await owner.getByRole("button", { name: "Sign in by name" }).click();
    await owner.getByRole("heading", { name: "Ada" }).waitFor();
    await owner.getByRole("button", { name: /^Rename / }).click();
    await owner.getByLabel("Title").fill("Lesson one");
    await owner.getByRole("listitem").getByRole("button", { name: "Save" }).click();
    await owner.getByRole("link", { name: "Lesson one" }).waitFor();
    await expectPlain(owner);
    await owner.getByRole("link", { name: "Lesson one" }).click();
    await openShare(owner);
    await owner.getByRole("button", { name: "Make a kubeconfig" }).click();
    await owner.getByRole("link", { name: "Download" }).waitFor();
    await owner.goto(`${inject("url")}/me`);
    await owner.getByRole("button", { name: "Sign out here" }).click();
    await owner.getByRole("heading", { name: "A Kubernetes cluster to play with" }).waitFor();
    await owner.goto(`${inject("url")}/me`);
    await owner.getByText("Nobody is known here yet").waitFor();
    await expectPlain(owner);
  });

  test("nothing went wrong on the way", () => {
    expect(problems.flat()).toEqual([]);
  });
});
