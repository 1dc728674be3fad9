/** Query of pods/log. k8s: pkg/apis/core/validation/validation.go ValidatePodLogOptions */
import {
  forbiddenField,
  goQuote,
  invalid,
  invalidObject,
  notSupported,
  type FieldError,
} from "../machinery/field.ts";
import type { URLQuery } from "../api/request/request-info.ts";
import { badRequest } from "../machinery/status.ts";
import { parseTime } from "../core/clock.ts";

export type LogStreamName = "All" | "Stdout" | "Stderr";

export interface PodLogOptions {
  container: string;
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  sinceSeconds?: number;
  sinceMs?: number;
  tailLines?: number;
  limitBytes?: number;
  stream: LogStreamName;
}

function integer(query: URLQuery, key: string): number | undefined {
  if (!query.has(key)) return undefined;
  const text = query.get(key);
  if (!/^[+-]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  }
  return Number(text);
}

function sinceTime(query: URLQuery): number | undefined {
  const text = query.get("sinceTime");
  if (text === "") return undefined;
  const ms = parseTime(text);
  if (!Number.isNaN(ms) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text)) return ms;
  const layout = "2006-01-02T15:04:05Z07:00";
  throw badRequest(
    `parsing time ${goQuote(text)} as ${goQuote(layout)}: cannot parse ${goQuote(text)} as "2006"`,
  );
}

/** Options of `pods/log`. Throws 422 with every problem at once. */
export function logOptions(query: URLQuery, pod: string): PodLogOptions {
  const options: PodLogOptions = {
    container: query.get("container"),
    follow: query.flag("follow"),
    previous: query.flag("previous"),
    timestamps: query.flag("timestamps"),
    sinceSeconds: integer(query, "sinceSeconds"),
    sinceMs: sinceTime(query),
    tailLines: integer(query, "tailLines"),
    limitBytes: integer(query, "limitBytes"),
    stream: (query.get("stream") || "All") as LogStreamName,
  };
  const errors = problems(options);
  if (errors.length > 0) throw invalidObject("", "PodLogOptions", pod, errors);
  return options;
}

const streamNames: LogStreamName[] = ["All", "Stderr", "Stdout"];

function problems(options: PodLogOptions): FieldError[] {
  const errors: FieldError[] = [];
  const { tailLines, limitBytes, sinceSeconds, sinceMs, stream } = options;
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(invalid("tailLines", tailLines, "must be greater than or equal to 0"));
  }
  if (limitBytes !== undefined && limitBytes < 1) {
    errors.push(invalid("limitBytes", limitBytes, "must be greater than 0"));
  }
  if (sinceSeconds !== undefined && sinceMs !== undefined) {
    errors.push(
      forbiddenField("", "at most one of `sinceTime` or `sinceSeconds` may be specified"),
    );
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalid("sinceSeconds", sinceSeconds, "must be greater than 0"));
  }
  if (!streamNames.includes(stream)) errors.push(notSupported("stream", stream, streamNames));
  if (stream !== "All" && tailLines !== undefined) {
    errors.push(
      forbiddenField("", "`tailLines` and specific `stream` are mutually exclusive for now"),
    );
  }
  return errors;
}
