/** kubectl set image, resources, selector, serviceaccount, subject. k8s: kubectl/pkg/cmd/set */
import { mergePatchType } from "../client.ts";
import type { Command, Kubectl } from "../command.ts";
import { equal } from "../../core/equal.ts";
import { Failure, Failures } from "../errors.ts";
import { fileOptions, hasFiles } from "../files.ts";
import { byText } from "../go/json.ts";
import { asGoType } from "../merge/local-patch.ts";
import { dryRunOf, patchObject, placeIn, typedPrinter, type DryRun } from "../mutate/mutation.ts";
import { parsePairs, resourcesAndPairs } from "../mutate/pairs.ts";
import { podSpecOf } from "../mutate/pod-specs.ts";
import { record, recording, recordPatch } from "../mutate/record.ts";
import { changeObjects, selects, setTargets } from "../mutate/set-objects.ts";
import type { KubeObject } from "../objects.ts";
import type { Printer } from "../printers/index.ts";
import type { Info, Result } from "../result.ts";
import type { Work } from "../work.ts";
import { labelSelectorOf, resourceList } from "./create/policy.ts";
import { setEnv } from "./set-env.ts";

interface Begun {
  dryRun: DryRun;
  print: Printer;
}

function* begin(k: Kubectl, operation: string): Work<Begun> {
  const dryRun = yield* dryRunOf(k);
  return { dryRun, print: yield* typedPrinter(k, dryRun, operation) };
}

function* read(result: Result): Work<Info[]> {
  const { infos, error } = yield* result.infos();
  if (error) throw error;
  return infos;
}

const clash = "cannot set --all and --selector at the same time";
const localServer = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?";

function* setImage(k: Kubectl): Work<void> {
  const { flags, args } = k;
  const begun = yield* begin(k, "image updated");
  const { resources, pairs } = resourcesAndPairs(args, "image");
  const { set } = parsePairs(pairs, "image", false);
  const infos = yield* read(yield* setTargets(k, resources));
  const problems: string[] = [];
  const names = Object.keys(set);
  if (flags.bool("all") && flags.string("selector")) problems.push(clash);
  if (resources.length === 0 && !hasFiles(fileOptions(flags)))
    problems.push(
      "one or more resources must be specified as <resource> <name> or <resource>/<name>",
    );
  if (names.length === 0) problems.push("at least one image update is required");
  else if (names.length > 1 && "*" in set)
    problems.push(
      "all containers are already specified by *, but saw more than one container_name=container_image pairs",
    );
  if (flags.bool("local") && begun.dryRun === "server") problems.push(localServer);
  if (problems.length > 0) throw new Failures(problems.map((text) => new Failure(text)));
  const errors: Failure[] = [];
  yield* changeObjects(k, infos, {
    ...begun,
    errors,
    failure: "failed to patch image update to pod template: ",
    apply(object) {
      const spec = podSpecOf(object);
      for (const name of names) {
        let found = false;
        for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
          if (name !== "*" && container.name !== name) continue;
          container.image = set[name] as string;
          found = true;
        }
        if (!found) errors.push(new Failure(`error: unable to find container named "${name}"`));
      }
    },
  });
}

function* setResources(k: Kubectl): Work<void> {
  const { flags, args } = k;
  const begun = yield* begin(k, "resource requirements updated");
  const infos = yield* read(yield* setTargets(k, args));
  if (flags.bool("local") && begun.dryRun === "server") k.fail(localServer);
  if (flags.bool("all") && flags.string("selector")) k.fail(clash);
  const given = { limits: flags.string("limits"), requests: flags.string("requests") };
  if (!given.limits && !given.requests)
    k.fail("you must specify an update to requests or limits (in the form of --requests/--limits)");
  const lists = {
    limits: given.limits ? resourceList(given.limits, "Invalid argument syntax") : {},
    requests: given.requests ? resourceList(given.requests, "Invalid argument syntax") : {},
  };
  const pattern = flags.string("containers");
  const errors: Failure[] = [];
  yield* changeObjects(k, infos, {
    ...begun,
    errors,
    failure: "failed to patch resources update to pod template ",
    apply(object) {
      const spec = podSpecOf(object);
      const chosen = [...spec.containers, ...(spec.initContainers ?? [])].filter(({ name }) =>
        selects(pattern, name),
      );
      if (chosen.length === 0)
        errors.push(new Failure(`error: unable to find container named ${pattern}`));
      for (const container of chosen) {
        const resources = { ...container.resources };
        for (const field of ["limits", "requests"] as const)
          if (given[field]) resources[field] = { ...resources[field], ...lists[field] };
        container.resources = resources;
      }
    },
  });
}

function* setServiceAccount(k: Kubectl): Work<void> {
  const { flags, args } = k;
  const dryRun = yield* dryRunOf(k);
  if (flags.bool("local") && dryRun === "server") k.fail(localServer);
  const print = yield* typedPrinter(k, dryRun, "serviceaccount updated");
  if (args.length === 0) k.fail("serviceaccount is required");
  const name = args.at(-1) as string;
  const infos = yield* read(yield* setTargets(k, args.slice(0, -1), false));
  yield* changeObjects(k, infos, {
    dryRun,
    print,
    errors: [],
    evenUnchanged: true,
    failure: "failed to patch ServiceAccountName ",
    apply(object) {
      podSpecOf(object).serviceAccountName = name;
    },
  });
}

function* setSelector(k: Kubectl): Work<void> {
  const { flags, args } = k;
  const dryRun = yield* dryRunOf(k);
  const selector = args.length > 0 ? labelSelectorOf(args.at(-1) as string) : undefined;
  const print = yield* typedPrinter(k, dryRun, "selector updated");
  if (!selector) k.fail("one selector is required");
  const result = yield* setTargets(k, args.slice(0, -1), false);
  const version = flags.string("resource-version");
  yield* result.visit(function* (info): Work<void> {
    if (flags.bool("local")) info.object = asGoType(info.object as KubeObject);
    const object = info.object as KubeObject;
    if (object.kind !== "Service")
      throw new Failure("setting a selector is only supported for Services");
    const expressions = selector?.["matchExpressions"] as Record<string, unknown>[] | undefined;
    if (expressions)
      throw new Failure(
        `match expression [${expressions.map(({ key, operator, values = [] }) => `{${String(key)} ${String(operator)} [${(values as string[]).join(" ")}]}`).join(" ")}] not supported on this object`,
      );
    const old = (object["spec"] as { selector?: Record<string, string> }).selector ?? {};
    const next = (selector?.["matchLabels"] ?? {}) as Record<string, string>;
    object["spec"] = { ...(object["spec"] as object), selector: next };
    record(k, object);
    if (flags.bool("local") || dryRun === "client") {
      k.out(print(object));
      return;
    }
    const gone = Object.keys(old).filter((key) => !(key in next));
    const changes = { ...Object.fromEntries(gone.map((key) => [key, null])), ...next };
    const changed = {
      ...(version ? { resourceVersion: version } : {}),
      ...(recording(k) ? recordPatch(k).metadata : {}),
    };
    const metadata = Object.keys(changed).length > 0 ? { metadata: changed } : {};
    const patch = equal(old, next) ? metadata : { ...metadata, spec: { selector: changes } };
    k.out(print(yield* patchObject(k, info, patch, { contentType: mergePatchType, dryRun })));
  });
}

interface Subject {
  kind: string;
  apiGroup?: string;
  name: string;
  namespace?: string;
}

function* setSubject(k: Kubectl): Work<void> {
  const { flags, args } = k;
  const begun = yield* begin(k, "subjects updated");
  const { namespace: own } = yield* placeIn(k);
  const infos = yield* read(yield* setTargets(k, args));
  if (flags.bool("local") && begun.dryRun === "server") k.fail(localServer);
  if (flags.bool("all") && flags.string("selector")) k.fail(clash);
  const [users, groups, accounts] = ["user", "group", "serviceaccount"].map((flag) =>
    [...new Set(flags.list(flag))].toSorted(byText),
  ) as [string[], string[], string[]];
  if (users.length + groups.length + accounts.length === 0)
    k.fail("you must specify at least one value of user, group or serviceaccount");
  const rbac = "rbac.authorization.k8s.io";
  const subjects: Subject[] = [
    ...users.map((name) => ({ kind: "User", apiGroup: rbac, name })),
    ...groups.map((name) => ({ kind: "Group", apiGroup: rbac, name })),
  ];
  for (const account of accounts) {
    const [namespace = "", name = "", ...rest] = account.split(":");
    if (rest.length > 0 || !name) k.fail("serviceaccount must be <namespace>:<name>");
    if (!namespace && infos.some(({ object }) => object?.kind === "ClusterRoleBinding"))
      k.fail("serviceaccount must be <namespace>:<name>, namespace must be specified");
    subjects.push({ kind: "ServiceAccount", name, namespace: namespace || own });
  }
  yield* changeObjects(k, infos, {
    ...begun,
    errors: [],
    failure: "failed to patch subjects to rolebinding: ",
    apply(object) {
      if (!["RoleBinding", "ClusterRoleBinding"].includes(object.kind ?? ""))
        throw new Failure("setting subjects is only supported for RoleBinding/ClusterRoleBinding");
      const there = (object["subjects"] ?? []) as Subject[];
      const added = subjects.filter((one) => !there.some((other) => equal(one, other)));
      if (added.length > 0) object["subjects"] = [...there, ...added];
    },
  });
}

export const setCommands: readonly Command[] = [
  { path: "set image", run: setImage },
  { path: "set resources", run: setResources },
  { path: "set serviceaccount", run: setServiceAccount },
  { path: "set selector", run: setSelector },
  { path: "set subject", run: setSubject },
  setEnv,
];
