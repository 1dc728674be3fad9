/** kubectl replace. k8s: kubectl/pkg/cmd/replace/replace.go */
import { goQuote } from "../../machinery/field.ts";
import { now, random, readFile, sleep, stdin, writeFile } from "../asks.ts";
import {
  cascadeOf,
  createObject,
  deleteObject,
  doneWith,
  dryRunOf,
  lastApplied,
  replaceObject,
  validated,
  validationOf,
  withLastApplied,
} from "../changes.ts";
import type { Command, Kubectl } from "../command.ts";
import { placeOf } from "../config/client-config.ts";
import { Failure, isNotFound, withSource } from "../errors.ts";
import { fileOptions, requireFiles } from "../files.ts";
import type { KubeObject } from "../objects.ts";
import { nameOf, printerOf, type Printer } from "../printers/index.ts";
import { readInfo, type Info, type Wanted } from "../result.ts";
import type { Outcome, Work } from "../work.ts";

function validate(k: Kubectl, dryRun: string): void {
  const { flags } = k;
  const force = flags.bool("force");
  if (flags.int("grace-period") >= 0 && !force)
    k.fail("--grace-period must have --force specified");
  if (flags.duration("timeout") !== 0 && !force) k.fail("--timeout must have --force specified");
  if (force && dryRun !== "none") k.fail("--dry-run can not be used when --force is set");
  const raw = flags.string("raw");
  if (raw === "") return;
  const { filenames, recursive } = fileOptions(flags);
  if (filenames.length !== 1) k.fail("--raw can only use a single local file or stdin");
  if (/^https?:\/\//.test(filenames[0] ?? "")) k.fail("--raw cannot read from a url");
  if (recursive) k.fail("--raw and --recursive are mutually exclusive");
  if (flags.string("output")) k.fail("--raw and --output are mutually exclusive");
  if (!/^(\/|[a-z]+:)/.test(raw))
    k.fail(`--raw must be a valid URL path: parse ${goQuote(raw)}: invalid URI for request`);
}

interface Options {
  printer: Printer;
  wanted: Wanted;
  validation: "Strict" | "Warn" | "Ignore";
  dryRun: "none" | "client" | "server";
  cascade: string;
}

function* run(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  const validation = validationOf(k);
  const dryRun = yield* dryRunOf(k);
  const printer = yield* printerOf(flags, { operation: doneWith("replaced", dryRun) });
  const cascade = yield* cascadeOf(k);
  requireFiles(fileOptions(flags));
  const where = placeOf(yield* k.access());
  validate(k, dryRun);
  if (flags.string("raw")) return yield* rawPut(k);
  const wanted: Wanted = {
    files: fileOptions(flags),
    namespace: where.namespace,
    enforceNamespace: where.explicitNamespace,
    subresource: flags.string("subresource"),
    continueOnError: true,
  };
  const options = { printer, wanted, validation, dryRun, cascade };
  if (flags.bool("force")) return yield* byForce(k, options);
  const result = yield* k.build({ ...wanted, ...validated(validation) });
  yield* result.visit((info) => replaceOne(k, options, info));
  return 0;
}

/** The object with its configuration, where that was asked for or it has one already. */
const saved = (k: Kubectl, object: KubeObject): KubeObject =>
  k.flags.bool("save-config") || lastApplied(object) ? withLastApplied(object) : object;

function* replaceOne(k: Kubectl, options: Options, info: Info): Work<void> {
  const object = saved(k, info.object as KubeObject);
  if (options.dryRun === "client") return k.out(options.printer(object));
  try {
    const replaced = yield* replaceObject(yield* k.client(), info, object, {
      dryRun: options.dryRun,
      fieldManager: k.flags.string("field-manager"),
      validation: options.validation,
      subresource: k.flags.string("subresource"),
    });
    k.out(options.printer(replaced));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw withSource("replacing", info.source, error);
  }
}

function* rawPut(k: Kubectl): Work<Outcome> {
  const [file = ""] = fileOptions(k.flags).filenames;
  const body = file === "-" ? yield* stdin() : yield* readFile(file);
  const client = yield* k.client();
  const { text } = yield* client.ok({ method: "PUT", path: k.flags.string("raw"), body });
  k.out(text);
  return 0;
}

const timeoutDefaultMs = 300_000;

/** Standard input is read twice: from a file. */
function* withoutStdin(wanted: Wanted): Work<Wanted> {
  const { files } = wanted;
  if (!files?.filenames.includes("-")) return wanted;
  const draw = yield* random();
  const path = `/tmp/kubectl_replace_${Math.floor(draw * 1e9)}/resource.stdin`;
  yield* writeFile(path, yield* stdin(), 0o600, true);
  const filenames = files.filenames.map((name) => (name === "-" ? path : name));
  return { ...wanted, files: { ...files, filenames } };
}

/** Deletes what is there, waits until it is gone, and makes it anew. */
function* byForce(k: Kubectl, options: Options): Work<Outcome> {
  const { flags } = k;
  const client = yield* k.client();
  const wanted = yield* withoutStdin(options.wanted);
  const found = yield* k.build({ ...wanted, args: k.args, unread: true });
  const { infos, error } = yield* found.infos();
  const grace = flags.int("grace-period");
  // One that is given no time is given a second, so that nothing is lost by accident.
  const gracePeriod = grace === 0 ? 1 : grace;
  const until = (yield* now()) + (flags.duration("timeout") || timeoutDefaultMs);
  if (flags.bool("force") && infos.length > 0 && grace === 0)
    k.err(
      "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n",
    );
  for (const info of infos) yield* remove(k, options, info, gracePeriod);
  if (error) throw error;
  for (const info of infos) yield* gone(k, info, until);
  const result = yield* k.build({ ...wanted, ...validated(options.validation) });
  let count = 0;
  yield* result.visit(function* (info) {
    const created = yield* createObject(client, info, saved(k, info.object as KubeObject), {
      fieldManager: flags.string("field-manager"),
      validation: options.validation,
    });
    count++;
    k.out(options.printer(created));
  });
  if (count === 0) k.fail("no objects passed to replace");
  return 0;
}

function* remove(k: Kubectl, options: Options, info: Info, gracePeriod: number): Work<void> {
  try {
    yield* deleteObject(yield* k.client(), info, { gracePeriod, cascade: options.cascade });
  } catch (error) {
    if (isNotFound(error)) return;
    if (!(error instanceof Failure)) throw error;
    throw withSource("deleting", info.source, error);
  }
  if (k.flags.string("output") === "name") {
    k.out(`${nameOf(info.object ?? named(info))}\n`);
    return;
  }
  const { group, kind } = info.type;
  const within = info.namespace ? ` from ${info.namespace} namespace` : "";
  const shown = `${kind.toLowerCase()}${group ? `.${group}` : ""}`;
  const operation = k.flags.int("grace-period") === 0 ? "force deleted" : "deleted";
  k.out(`${shown} ${goQuote(info.name)} ${operation}${within}\n`);
}

const named = ({ type, name }: Info): KubeObject => ({
  apiVersion: type.group ? `${type.group}/${type.version}` : type.version,
  kind: type.kind,
  metadata: { name },
});

function* gone(k: Kubectl, info: Info, until: number): Work<void> {
  const machinery = yield* k.machinery();
  for (;;) {
    try {
      yield* readInfo(machinery, { ...info });
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    if ((yield* now()) >= until) throw new Failure("timed out waiting for the condition");
    yield* sleep(1000);
  }
}

export const replace: Command = { path: "replace", run };
