/** `?timeout=`: every answer here is in time, but what is no duration is refused. k8s: endpoints/filters/request_deadline.go */
import { goQuote } from "../../machinery/field.ts";
import type { RequestInfo, URLQuery } from "./request-info.ts";
import { badRequest } from "../../machinery/status.ts";

/** Requests without end have no deadline. k8s: LongRunningFunc */
const longVerbs = new Set(["watch", "proxy"]);
const longSubresources = new Set(["attach", "exec", "proxy", "log", "portforward"]);

/** As `checkTimeout`, but for requests that run long and take no timeout. */
export function checkTimeoutOf(info: RequestInfo): void {
  if (longVerbs.has(info.verb) || longSubresources.has(info.subresource)) return;
  checkTimeout(info.query);
}

/** Throws 400 where `?timeout=` is no duration. */
export function checkTimeout(query: URLQuery): void {
  const text = query.get("timeout");
  const problem = text ? durationProblem(text) : undefined;
  if (problem !== undefined) {
    throw badRequest(`invalid timeout specified in the request URL - time: ${problem}`);
  }
}

const units = new Set(["ns", "us", "µs", "μs", "ms", "s", "m", "h"]);

/** Why Go's time.ParseDuration would not take a text; undefined where it would. */
function durationProblem(text: string): string | undefined {
  const invalid = `invalid duration ${goQuote(text)}`;
  let rest = text.replace(/^[-+]/, "");
  if (rest === "0") return undefined;
  if (rest === "") return invalid;
  while (rest !== "") {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return invalid;
    rest = rest.slice(number.length);
    const unit = /^[^.0-9]+/.exec(rest)?.[0];
    if (unit === undefined) return `missing unit in duration ${goQuote(text)}`;
    if (!units.has(unit)) return `unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`;
    rest = rest.slice(unit.length);
  }
  return undefined;
}
