/** Requests that a cluster as it was answers: they read or ask why, once, and leave nothing behind. */
import { StatusError } from "../machinery/status.ts";
import type { Reader } from "../ports/controller.ts";
import type { ApiRequest, Reply } from "../ports/request.ts";
import type { ApiContext } from "./context.ts";
import { failure, handle } from "./handle.ts";
import { requestInfo, type RequestInfo } from "./request/request-info.ts";

/** Opens a stream, or asks a server. */
const streams = new Set(["exec", "attach", "portforward", "proxy"]);

/**
 * `past`: tells what was; throws a StatusError where that is not known. `authority`: by what holds now it is decided who asks,
 * and who may read.
 */
export function handleAt(
  past: () => ApiContext,
  request: ApiRequest,
  authority: Reader,
  wallNow: number,
): Reply {
  try {
    const refused = refusal(request);
    if (refused) throw refused;
    const context: ApiContext = { ...past(), authority, wallNow };
    let answer: Reply | undefined;
    unwritten(context, () => {
      const response = handle(context, request);
      answer = response.type === "reply" ? response : failure(onlyRead("streams are"));
    });
    return answer as Reply;
  } catch (error) {
    if (error instanceof StatusError) return failure(error, request.headers["accept"]);
    throw error;
  }
}

/** What the handling of a request that reads writes down on the way. */
function unwritten({ store }: ApiContext, body: () => void): void {
  const undone = new Error("nothing of it stays");
  try {
    store.transaction(() => {
      body();
      throw undone;
    });
  } catch (error) {
    if (error !== undone) throw error;
  }
}

function refusal(request: ApiRequest): StatusError | undefined {
  const info = requestInfo(request);
  if (asksWhy(info)) return undefined;
  if (!/^(GET|HEAD)$/.test(request.method)) return onlyRead(`${request.method} is`);
  const { isResource, verb, subresource, query } = info;
  if (!isResource) return undefined;
  if (verb === "watch") return onlyRead("watching is");
  if (streams.has(subresource) || query.flag("follow")) return onlyRead("streams are");
  return undefined;
}

/** An Explanation is created and never stored: to ask why is to read. */
const asksWhy = ({ isResource, verb, group, resource, subresource }: RequestInfo): boolean =>
  isResource &&
  verb === "create" &&
  group === "podyard.dev" &&
  resource === "explanations" &&
  subresource === "";

const onlyRead = (what: string): StatusError =>
  new StatusError(
    405,
    "MethodNotAllowed",
    `the past can only be read: ${what} not allowed there`,
    {},
  );
