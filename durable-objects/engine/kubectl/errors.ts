/** Failures of commands, and what kubectl prints of them. k8s: kubectl/pkg/cmd/util/helpers.go checkErr */
import type { Status } from "../machinery/status.ts";
import { goQuote } from "../machinery/field.ts";

/** A failure with its text as Go's `error.Error()` gives it. */
export class Failure extends Error {
  override name = "Failure";
}

/** A command line that cannot be read. */
export class UsageProblem extends Failure {
  override name = "UsageProblem";
}

/** Ends the command with a code; what had to be said was said, or `text` is. */
export class Exit extends Failure {
  override name = "Exit";
  readonly code: number;
  constructor(code = 1, text = "") {
    super(text);
    this.code = code;
  }
}

/** An answer of the API server that is no success. */
export class StatusFailure extends Failure {
  override name = "StatusFailure";
  readonly status: Status;
  constructor(status: Status) {
    super(status.message ?? "");
    this.status = status;
  }
  get reason(): string {
    return this.status.reason ?? "";
  }
}

/** No answer came. */
export class UrlFailure extends Failure {
  override name = "UrlFailure";
  readonly url: string;
  /** `dial tcp 10.96.0.1:443: connect: connection refused` */
  readonly why: string;
  constructor(method: string, url: string, why: string) {
    super(`${method.charAt(0)}${method.slice(1).toLowerCase()} ${goQuote(url)}: ${why}`);
    this.url = url;
    this.why = why;
  }
}

/** A kubeconfig that makes no sense. k8s: client-go/tools/clientcmd/validation.go */
export class InvalidConfig extends Failure {
  override name = "InvalidConfig";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `invalid configuration: [${problems.join(", ")}]`);
    this.problems = problems;
  }
}

/** k8s: apimachinery/pkg/api/meta/errors.go NoKindMatchError */
export class NoKindMatch extends Failure {
  override name = "NoKindMatch";
  constructor(kind: string, group: string, versions: readonly string[]) {
    const named = versions.map((version) => `${group ? `${group}/` : ""}${version}`);
    super(
      named.length === 0
        ? `no matches for kind ${goQuote(kind)} in group ${goQuote(group)}`
        : named.length === 1
          ? `no matches for kind ${goQuote(kind)} in version ${goQuote(named[0] as string)}`
          : `no matches for kind ${goQuote(kind)} in versions [${named.map(goQuote).join(" ")}]`,
    );
  }
}

/** Several failures. k8s: apimachinery/pkg/util/errors Aggregate */
export class Failures extends Failure {
  override name = "Failures";
  readonly errors: readonly Failure[];
  constructor(errors: readonly Failure[]) {
    const texts = [...new Set(flat(errors).map(({ message }) => message))];
    super(texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`);
    this.errors = errors;
  }
}

const flat = (errors: readonly Failure[]): Failure[] =>
  errors.flatMap((one) => (one instanceof Failures ? flat(one.errors) : [one]));

/** One failure for several; undefined: there was none. */
export function aggregate(errors: readonly Failure[]): Failure | undefined {
  const all = flat(errors);
  return all.length === 0 ? undefined : all.length === 1 ? all[0] : new Failures(all);
}

/** Throws what there is. */
export function throwAll(errors: readonly Failure[]): void {
  const all = aggregate(errors);
  if (all) throw all;
}

export const isReason = (error: unknown, reason: string): boolean =>
  error instanceof StatusFailure && error.reason === reason;
export const isNotFound = (error: unknown): boolean => isReason(error, "NotFound");

/** k8s: helpers.go AddSourceToErr */
export function withSource(verb: string, source: string, error: Failure): Failure {
  if (source === "") return error;
  const text = `error when ${verb} ${goQuote(source)}: ${error.message}`;
  if (error instanceof StatusFailure) return new StatusFailure({ ...error.status, message: text });
  return new Failure(text);
}

/** A usage error of a command. k8s: helpers.go UsageErrorf */
export const usageError = (path: string, text: string): UsageProblem =>
  new UsageProblem(`${text}\nSee '${path} -h' for help and examples`);

/** k8s: helpers.go StandardErrorMessage; undefined: it is none of the known ones. */
function standardMessage(error: Failure): string | undefined {
  if (error instanceof StatusFailure) {
    if (error.reason === "Unauthorized")
      return `error: You must be logged in to the server (${error.message})`;
    if (error.reason) return `Error from server (${error.reason}): ${error.message}`;
    return `Error from server: ${error.message}`;
  }
  if (error instanceof UrlFailure) {
    if (!error.why.includes("connection refused"))
      return `Unable to connect to the server: ${error.why}`;
    const host = /^[a-z]+:\/\/([^/]+)/.exec(error.url)?.[1] ?? error.url;
    return `The connection to the server ${host} was refused - did you specify the right host or port?`;
  }
  return undefined;
}

/** k8s: helpers.go messageForError */
export const messageFor = (error: Failure): string => standardMessage(error) ?? error.message;

/** k8s: helpers.go MultilineError */
function multiline(prefix: string, texts: readonly string[]): string {
  if (texts.length === 1) return `${prefix}${texts[0]}\n`;
  return `${prefix}\n${texts.map((text) => `* ${text}\n`).join("")}`;
}

function invalidText({ status }: StatusFailure): string {
  const { details, message } = status;
  let text = "The request is invalid";
  if (!details) return message ? `${text}: ${message}` : text;
  const causes = details.causes ?? [];
  if (details.kind || details.name)
    text = `The ${details.kind ?? ""} ${goQuote(details.name ?? "")} is invalid`;
  else if (message && causes.length === 0) text += `: ${message}`;
  if (causes.length === 0) return text;
  const texts = new Set(causes.map((cause) => `${cause.field ?? ""}: ${cause.message ?? ""}`));
  return multiline(`${text}: `, [...texts]);
}

const noContext = /^context was not found for specified context: /;

/** What goes to standard error, and the exit code. */
export function report(given: Failure): { text: string; code: number } {
  // One within one stays what it is: it is printed without a prefix.
  const error =
    given instanceof Failures && given.errors.length === 1 ? (given.errors[0] as Failure) : given;
  const lines = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`);
  if (error instanceof Exit) return { text: lines(error.message), code: error.code };
  if (error instanceof StatusFailure && error.reason === "Invalid" && error.status.code === 422)
    return { text: lines(invalidText(error)), code: 1 };
  if (
    error instanceof InvalidConfig &&
    (error.problems.length > 1 || noContext.test(error.message))
  )
    return { text: lines(multiline("Error in configuration: ", error.problems)), code: 1 };
  if (error instanceof Failures)
    return { text: error.errors.map((one) => `${messageFor(one)}\n`).join(""), code: 1 };
  const known = standardMessage(error);
  if (known !== undefined) return { text: lines(known), code: 1 };
  const prefix = error.message.startsWith("error: ") ? "" : "error: ";
  return { text: lines(`${prefix}${error.message}`), code: 1 };
}
