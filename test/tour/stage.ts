import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { chromium, type Browser, type Page } from "playwright-core";
import { kubeconfigIn } from "../helpers/desk.ts";
import { Kubectl, type KubectlBinary } from "../helpers/kubectl.ts";

/** Who and what is on the tour. */
export interface Stage {
  /** Of the service, by the name that passkeys need. */
  origin: string;
  binary: KubectlBinary;
  executablePath: string;
  /** Two people, each in a browser profile of their own. */
  teacher: Page;
  learner: Page;
  /** The teacher's. */
  sandbox: Opened;
  /** The learner's way into it, as a viewer. */
  viewer: Opened;
  /** Of the teacher's sandbox. */
  snapshotId: string;
  /** The teacher's. */
  scenarioId: string;
  close(): Promise<void>;
}

/** A sandbox as somebody has it. */
export interface Opened {
  id: string;
  key: string;
  kubectl: Kubectl;
}

const nothing: Opened = { id: "", key: "", kubectl: undefined as never };

interface StageOptions {
  url: string;
  executablePath: string;
  binary: KubectlBinary;
}

export async function openStage({ url, executablePath, binary }: StageOptions): Promise<Stage> {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  return {
    origin: url.replace("127.0.0.1", "localhost"),
    binary,
    executablePath,
    teacher: await newProfile(browser),
    learner: await newProfile(browser),
    sandbox: nothing,
    viewer: nothing,
    snapshotId: "",
    scenarioId: "",
    close: () => browser.close(),
  };
}

export async function newProfile(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(60_000);
  page.on("dialog", (dialog) => void dialog.accept());
  return page;
}

/** What the page of a sandbox shows to who may have its key. */
export async function openedIn(page: Page, binary: KubectlBinary): Promise<Opened> {
  const kubeconfig = await kubeconfigIn(page);
  return opened(new URL(page.url()).pathname.slice("/s/".length), kubeconfig, binary);
}

export function opened(id: string, kubeconfig: string, binary: KubectlBinary): Opened {
  const key = /token: (podyard_[\w-]{43})/.exec(kubeconfig)?.[1];
  assert(key, `no key in ${kubeconfig}`);
  return { id, key, kubectl: new Kubectl(binary, kubeconfig) };
}

const run = promisify(execFile);

/** An answer, JSON where it is. */
export interface Answer {
  status: number;
  body: any;
}

interface Asked {
  method?: string;
  accept?: string;
  bearer?: string;
  body?: unknown;
}

/** What curl gets, with a bearer token, or nothing, to show. */
export async function curl(address: string, asked: Asked = {}): Promise<Answer> {
  const { method = "GET", accept = "application/json", bearer, body } = asked;
  const headers = { Accept: accept, ...(bearer && { Authorization: `Bearer ${bearer}` }) };
  const { stdout } = await run("curl", [
    ...["-sS", "-X", method, "-w", "\n%{http_code}", address],
    ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
    ...(body === undefined ? [] : ["--json", JSON.stringify(body)]),
  ]);
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end + 1)), body: parsed(stdout.slice(0, end)) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The body of what must be answered so. */
export async function curled(status: number, ...asked: Parameters<typeof curl>): Promise<any> {
  const answer = await curl(...asked);
  assert.equal(answer.status, status, `${asked[0]}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Refused, in words that hold the pattern. */
export async function refused(kubectl: Kubectl, command: string, words: RegExp): Promise<string> {
  const { code, stdout, stderr } = await kubectl.run(command);
  assert.notEqual(code, 0, `kubectl ${command} was not refused: ${stdout}`);
  assert.match(stderr, words, `kubectl ${command}`);
  return stderr.trim().split("\n").at(-1)!;
}
