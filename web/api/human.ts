import { signal } from "@preact/signals";
import { ApiError, askJson, type Ask } from "./client.ts";

/**
 * What makes a sandbox, where the service may ask first whether somebody is human (Cloudflare Turnstile): only then the visitor
 * is asked, and only then its script is loaded.
 */

const header = "cf-turnstile-response";

/** What the page is to show: the widget of a key, and whom to tell. */
export interface Question {
  siteKey: string;
  answer: (token: string) => void;
  refuse: (error: Error) => void;
}

export const question = signal<Question | undefined>(undefined);

/** As `askJson`; is asked again with a token where the service wants one, which is good for one request. */
export async function askAsHuman<T>(path: string, how: Ask): Promise<T> {
  try {
    return await askJson<T>(path, how);
  } catch (error) {
    const siteKey = error instanceof ApiError ? error.turnstileSiteKey : undefined;
    if (!siteKey) throw error;
    const token = await tokenOf(siteKey);
    return askJson<T>(path, { ...how, headers: { ...how.headers, [header]: token } });
  }
}

function tokenOf(siteKey: string): Promise<string> {
  // A frame of another site may be told to load nothing else, and its visitor cannot see who asks.
  if (window.top !== window) {
    return Promise.reject(
      new Error("The service asks first whether you are human, and not in a frame: open it there."),
    );
  }
  let own: Question | undefined;
  return new Promise<string>((answer, refuse) => {
    question.value?.refuse(new Error("Something else was begun."));
    question.value = own = { siteKey, answer, refuse };
  }).finally(() => {
    if (question.value === own) question.value = undefined;
  });
}

/** As far as it is used. Source: developers.cloudflare.com/turnstile/get-started/client-side-rendering/widget-configurations */
interface Turnstile {
  render(
    place: HTMLElement,
    options: {
      sitekey: string;
      callback: (token: string) => void;
      "error-callback": (code: string) => void;
    },
  ): string;
  remove(widget: string): void;
}

const script = "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit";
let loading: Promise<Turnstile> | undefined;

/** Turnstile's own script, once. */
export const loadTurnstile = (): Promise<Turnstile> => (loading ??= load());

function load(): Promise<Turnstile> {
  return new Promise((done, failed) => {
    const element = document.createElement("script");
    element.src = script;
    element.onload = () => done((window as unknown as { turnstile: Turnstile }).turnstile);
    element.onerror = () => {
      // The next one tries again.
      loading = undefined;
      element.remove();
      failed(new Error("Turnstile could not be loaded. Try again, or sign in."));
    };
    document.head.append(element);
  });
}
