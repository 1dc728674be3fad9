/** kubectl create -f. k8s: kubectl/pkg/cmd/create/create.go */
import type { Command, Kubectl } from "../../command.ts";
import { pathOf } from "../../discovery.ts";
import { Failure, withSource } from "../../errors.ts";
import { fileOptions, requireFiles } from "../../files.ts";
import { readFile, stdin } from "../../asks.ts";
import { editThenCreate } from "../edit.ts";
import { failureOf } from "../../client.ts";
import {
  annotateApplied,
  changeQuery,
  checkKind,
  dryRunOf,
  placeIn,
  printerFor,
  validationOf,
} from "../../mutate/mutation.ts";
import { record } from "../../mutate/record.ts";
import type { Info } from "../../result.ts";
import type { KubeObject } from "../../objects.ts";
import type { Work } from "../../work.ts";
import { goQuote } from "../../../machinery/field.ts";

function validate(k: Kubectl): void {
  const { flags } = k;
  const files = fileOptions(flags);
  requireFiles(files);
  const raw = flags.string("raw");
  if (raw === "") return;
  if (flags.bool("edit")) k.fail("--raw and --edit are mutually exclusive");
  if (files.filenames.length !== 1) k.fail("--raw can only use a single local file or stdin");
  if (/^https?:\/\//.test(files.filenames[0] ?? "")) k.fail("--raw cannot read from a url");
  if (files.recursive) k.fail("--raw and --recursive are mutually exclusive");
  if (flags.string("selector")) k.fail("--raw and --selector (-l) are mutually exclusive");
  if (flags.string("output")) k.fail("--raw and --output are mutually exclusive");
  if (!/^(\/|[a-z]+:)/.test(raw))
    k.fail(`--raw must be a valid URL path: parse ${goQuote(raw)}: invalid URI for request`);
}

/** Sends a file as it is. k8s: kubectl/pkg/rawhttp/raw.go */
function* rawPost(k: Kubectl): Work<void> {
  const client = yield* k.client();
  const [file = "-"] = k.flags.list("filename");
  const body = file === "-" ? yield* stdin() : yield* readFile(file);
  const call = { method: "POST", path: k.flags.string("raw"), body } as const;
  const answer = yield* client.send(call);
  if (answer.status >= 400) throw failureOf(answer, call);
  k.out(answer.text);
}

/** An object that was read from a server can be made again. k8s: cli-runtime/pkg/resource/helper.go Create */
function withoutVersion(object: KubeObject): KubeObject {
  if (!object.metadata?.resourceVersion) return object;
  const { resourceVersion: _version, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export const create: Command = {
  path: "create",
  *run(k) {
    const { flags, args } = k;
    if (args.length > 0) k.usage(`Unexpected args: [${args.join(" ")}]`);
    const dryRun = yield* dryRunOf(k);
    const validation = validationOf(k);
    const print = yield* printerFor(k, dryRun, "created");
    validate(k);
    if (flags.string("raw") !== "") {
      yield* rawPost(k);
      return undefined;
    }
    if (flags.bool("edit")) return yield* editThenCreate(k);
    const place = yield* placeIn(k);
    const result = yield* k.build({
      files: fileOptions(flags),
      labelSelector: flags.string("selector"),
      namespace: place.namespace,
      enforceNamespace: place.explicit,
      continueOnError: true,
      ...(validation === "Ignore" ? {} : { validate: checkKind }),
    });
    let count = 0;
    yield* result.visit(function* (info: Info): Work<void> {
      const object = info.object as KubeObject;
      annotateApplied(k, object);
      record(k, object);
      let made = object;
      if (dryRun !== "client") {
        try {
          const client = yield* k.client();
          made = yield* client.json<KubeObject>({
            method: "POST",
            path: pathOf(info.type, info.namespace),
            query: changeQuery(k, dryRun, validation),
            body: withoutVersion(object),
          });
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          throw withSource("creating", info.source, error);
        }
      }
      count++;
      k.out(print(made));
    });
    if (count === 0) k.fail("no objects passed to create");
    return undefined;
  },
};
