/** The body of a webhook's answer, or the error of Go's REST client. k8s: client-go/rest/request.go transformResponse */
import { goQuote } from "../../machinery/field.ts";
import { isObject } from "../../schema/decode.ts";
import type { HookAnswer } from "./calls.ts";

export interface ReviewBody {
  apiVersion: string;
  kind: string;
  response: unknown;
}

/** k8s: apimachinery/pkg/api/errors NewGenericServerResponse */
function refusedText(status: number, body: string): string {
  switch (status) {
    case 400:
      return "the server rejected our request for an unknown reason";
    case 401:
      return "the server has asked for the client to provide credentials";
    case 403:
      return body || "unknown";
    case 404:
      return "the server could not find the requested resource";
    case 405:
      return "the server does not allow this method on the requested resource";
    case 406:
      return "the server was unable to respond with a content type that the client supports: the server was unable to respond with a content type that the client supports";
    case 409:
      return "the server reported a conflict";
    case 413:
      return "Request entity too large: limit is 3145728";
    case 415:
      return "the body of the request was in an unknown format - accepted media types include: ";
    case 429:
      return "the server has received too many requests and has asked us to try again later";
    case 503:
      return "the server is currently unable to handle the request";
    case 504:
      return "the server was unable to return a response in the time allotted, but may still be processing the request";
    default:
      return status >= 500
        ? `an error on the server (${goQuote(body.trim() || "unknown")}) has prevented the request from succeeding`
        : `the server responded with the status code ${status} but did not return more information`;
  }
}

export function reviewBody(answer: HookAnswer): { body: ReviewBody } | { error: string } {
  if ("error" in answer) return { error: answer.error };
  const { status, body } = answer;
  if (status < 200 || status > 206) return { error: refusedText(status, body) };
  if (body === "")
    return { error: `0-length response with status code: ${status} and content type: ` };
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return {
      error: `couldn't get version/kind; json parse error: invalid character ${goQuote([...body.trimStart()][0] ?? "").replaceAll('"', "'")} looking for beginning of value`,
    };
  }
  const { apiVersion = "", kind = "", response } = isObject(parsed) ? parsed : {};
  if (kind === "") return { error: `Object 'Kind' is missing in '${body.trim()}'` };
  if (apiVersion === "") return { error: `Object 'apiVersion' is missing in '${body.trim()}'` };
  return { body: { apiVersion: String(apiVersion), kind: String(kind), response } };
}
