/** `--raw`. k8s: kubectl/pkg/rawhttp/raw.go */
import { closeStream, events } from "../http.ts";
import type { Command, Kubectl } from "../command.ts";
import { failureOf } from "../client.ts";
import type { Outcome, Work } from "../work.ts";

/** Prints what the server says at a path. */
export function* rawGet(k: Kubectl, raw: string): Work<Outcome> {
  const client = yield* k.client();
  const [path = "/", query] = raw.split(/\?(.*)/s);
  // Parameters without a value are sent, too.
  const pairs = (query ?? "")
    .split("&")
    .filter(Boolean)
    .map((pair) =>
      pair.split(/=(.*)/s).map((part) => decodeURIComponent(part.replaceAll("+", " "))),
    );
  const sent = pairs
    .map(([name = "", value = ""]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted();
  const call = { path: sent.length > 0 ? `${path}?${sent.join("&")}` : path, stream: true };
  const answer = yield* client.send(call);
  if (answer.status >= 400) throw failureOf(answer, call);
  k.out(answer.text);
  if (answer.stream === undefined) return 0;
  return k.continueAs("raw", { stream: answer.stream });
}

/** What follows of a watch or a followed log. */
export function* readRaw(k: Kubectl, data: { stream: string }): Work<Outcome> {
  const news = yield* events(data.stream);
  k.out(news.text);
  if (!news.ended) return k.continueAs("raw", data);
  yield* closeStream(data.stream);
  return 0;
}

export const rawContinuations: Command["continuations"] = { raw: readRaw };
