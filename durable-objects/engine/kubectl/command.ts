/**
 * How a command is written.
 *
 * A file `commands/<command>.ts` exports a `Command`: its path ("rollout status") and what it does. Words, flags, defaults and
 * help texts are in help-facts.json already (scripts/generate-kubectl-help.ts); a row in commands/index.ts registers it.
 *
 *   export const cordon: Command = {
 *     path: "cordon",
 *     *run(k) {
 *       const result = yield* k.build({ args: k.args, namespace: "", continueOnError: true });
 *       yield* result.visit(function* (info) { ... });
 *     },
 *   };
 *
 * **Asking.** Whatever lies outside the command is asked for with `yield*`, and only so: `k.client()` and then `client.json({path})`,
 * `client.ok`, `client.send` (client.ts); `k.mapper()` (discovery.ts); `readFile`, `stdin`, `now`, `sleep`, `runChild`,
 * `readLine` (asks.ts); `at((sys) => ...)` for any other system call that answers at once. Answers are plain JSON. A function that
 * asks is a generator and its type is `Work<T>` (work.ts). Nothing may be read from `Date`, `Math.random` or module state: the
 * command may be begun anew at any wait, and is then told the same answers, so it must do the same with them.
 *
 * **What is kept.** All answers so far are kept while a command waits, up to kubectlJournalCharactersMax. Loops over many objects, and
 * whatever reads much to learn little, go into `section(function* () { ...; return result; })`: its answers are forgotten once
 * it has returned, its result (plain JSON) is kept. GET requests to the API are answered within the step.
 *
 * **Long commands** (watch, wait, rollout status, logs -f, port-forward) hand their state on:
 * `return k.continueAs("next", data)` ends the generator and goes on with `continuations.next(k, data)`, whose journal is empty.
 * Streams: `const opened = yield* client.ok({ path, query: [["watch", true]], stream: true })`, then
 * `events(opened.stream)` (http.ts) until `ended`; watch.ts turns its text into events.
 *
 * **Objects.** `k.build({...})` reads TYPE NAME, TYPE/NAME, -f, -l, -A as kubectl's resource builder does (builder.ts `Wanted`),
 * `visit` and `infos` go over them.
 *
 * **Printing.** `k.out(text)`, `k.err(text)` take text (not bytes; `k.outBytes` does). Printers: printers/index.ts `printerOf(flags)` for
 * -o json|yaml|name|jsonpath|go-template|custom-columns, printers/table.ts for columns.
 *
 * **Failing.** Throw `Failure("...")` (printed as `error: ...`, exit 1), or use `k.fail`, `k.usage` (with the hint `See '... -h'`), a
 * StatusFailure as the client threw it, `throwAll(failures)`, `Exit(code, text)` for another exit code. Texts are upstream's.
 */
import { ApiClient } from "./client.ts";
import { build } from "./builder.ts";
import { access, placeOf, usable, type Access } from "./config/client-config.ts";
import { discover, Mapper } from "./discovery.ts";
import { encodeUtf8 } from "../runtime/bytes.ts";
import { Failure, usageError } from "./errors.ts";
import { commandPath, type CommandFacts } from "./facts.ts";
import type { Flags } from "./flags.ts";
import type { Machinery, Result, Wanted } from "./result.ts";
import { Continue, section, type Outcome, type Work } from "./work.ts";

export interface Command {
  /** Words after `kubectl`. */
  path: string;
  /** Does it; returns the exit code (nothing: 0), or how it goes on. */
  run(k: Kubectl): Work<Outcome>;
  /** How it goes on after `k.continueAs`. */
  continuations?: Record<string, (k: Kubectl, data: never) => Work<Outcome>>;
  /** Its arguments are read by itself: `plugin`-like commands. */
  rawArgs?: true;
}

/** What a command is given: its command line, and the ways out. */
export class Kubectl {
  readonly facts: CommandFacts;
  readonly flags: Flags;
  readonly args: string[];
  /** All words behind `kubectl`, as they were given. */
  readonly line: readonly string[];
  /** Output in order: descriptor and bytes. */
  readonly pending: [number, string][];
  readonly warned = new Set<string>();
  #access: Access | undefined;
  #client: ApiClient | undefined;
  #mapper: Mapper | undefined;

  constructor(
    facts: CommandFacts,
    flags: Flags,
    pending: [number, string][],
    line: readonly string[] = [],
  ) {
    this.line = line;
    this.facts = facts;
    this.flags = flags;
    this.args = flags.args;
    this.pending = pending;
  }

  /** `kubectl config view` */
  get path(): string {
    return commandPath(this.facts);
  }

  out(text: string): void {
    this.outBytes(encodeUtf8(text));
  }
  outBytes(bytes: string): void {
    if (bytes !== "") this.pending.push([1, bytes]);
  }
  err(text: string): void {
    if (text !== "") this.pending.push([2, encodeUtf8(text)]);
  }

  fail(text: string): never {
    throw new Failure(text);
  }
  /** A failure with the hint where help is. */
  usage(text: string): never {
    throw usageError(this.path, text);
  }

  /** Goes on with a named continuation, and nothing but its data; `onInterrupt`: the exit code that ^C gives. */
  continueAs(name: string, data: unknown, more: { onInterrupt?: number } = {}): Continue {
    return new Continue(name, data, more.onInterrupt);
  }

  /** Whom it may speak to, and in which namespace. */
  *access(): Work<Access> {
    if (this.#access) return this.#access;
    const found = yield* section(() => access(this.flags));
    if (found.missing.length)
      this.err(`W: Config not found: ${found.missing.join(", ")}\n`.replace("W: ", ""));
    return (this.#access = found);
  }

  /** The namespace that commands work in; "" with `-A`. */
  *namespace(): Work<string> {
    return placeOf(yield* this.access()).namespace;
  }

  *client(): Work<ApiClient> {
    if (this.#client) return this.#client;
    const config = usable(yield* this.access());
    return (this.#client = new ApiClient(config, this.path, this));
  }

  /** The kinds that the server serves. */
  *mapper(): Work<Mapper> {
    if (this.#mapper) return this.#mapper;
    const client = yield* this.client();
    const types = yield* discover(client, (text) => this.err(text));
    return (this.#mapper = new Mapper(types));
  }

  *machinery(): Work<Machinery> {
    const mapper = yield* this.mapper();
    return { client: yield* this.client(), mapper };
  }

  /** The objects that a command line means. */
  build(wanted: Wanted): Work<Result> {
    return build(() => this.machinery(), wanted);
  }
}
