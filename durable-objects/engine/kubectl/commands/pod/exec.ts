/** kubectl exec and attach. k8s: kubectl/pkg/cmd/exec/exec.go, kubectl/pkg/cmd/attach/attach.go */
import { attachTo, terminalWanted } from "../../attaching.ts";
import type { Command, Kubectl } from "../../command.ts";
import { placeOf } from "../../config/client-config.ts";
import { Failure } from "../../errors.ts";
import { fileOptions } from "../../files.ts";
import { isList, type KubeObject } from "../../objects.ts";
import {
  byActivity,
  containerOrDefault,
  namedContainer,
  podsOf,
  selectorFor,
  typeText,
  type PodObject,
} from "../../pods.ts";
import { openSession, runSession, sessionQuery, type SessionPlace } from "../../session.ts";
import type { Wanted } from "../../result.ts";
import type { Outcome, Work } from "../../work.ts";

function timeoutOf(k: Kubectl): number {
  const ms = k.flags.duration("pod-running-timeout");
  if (ms <= 0) k.usage("--pod-running-timeout must be higher than zero");
  return ms;
}

/** The Pod of an object. k8s: polymorphichelpers/attachablepodforobject.go */
export function* podFor(k: Kubectl, object: KubeObject, timeoutMs: number): Work<PodObject> {
  if (object.kind === "Pod") return object as PodObject;
  let selector: string;
  try {
    selector = selectorFor(object);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`cannot attach to ${typeText(object)}: ${error.message}`);
  }
  const namespace = object.metadata?.namespace ?? "";
  const pods = yield* podsOf(k, namespace, selector, timeoutMs, byActivity);
  return pods[0] as PodObject;
}

/** The one object that a command line means; a list where it means several. */
export function* objectOf(k: Kubectl, wanted: Partial<Wanted>): Work<KubeObject> {
  const where = placeOf(yield* k.access());
  const result = yield* k.build({
    ...wanted,
    namespace: where.namespace,
    enforceNamespace: where.explicitNamespace,
    flatten: false,
  });
  const { infos, error } = yield* result.infos();
  if (error) throw error;
  return infos.length === 1 ? (infos[0]?.object as KubeObject) : { kind: "List", items: [] };
}

function* exec(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  const { dash } = flags;
  const files = fileOptions(flags);
  const resource = args.length > 0 && dash !== 0 ? (args[0] as string) : "";
  if (dash < 0 && (args.length > 1 || (args.length > 0 && files.filenames.length > 0)))
    k.usage("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead");
  const command = dash < 0 ? [] : args.slice(dash);
  placeOf(yield* k.access());
  const timeout = timeoutOf(k);
  yield* k.client();
  if (resource === "" && files.filenames.length === 0)
    k.fail("pod, type/name or --filename must be specified");
  if (command.length === 0) k.fail("you must specify at least one command for the container");
  const object = yield* objectOf(k, {
    files,
    ...(resource ? { names: { type: "pods", names: [resource] } } : {}),
  });
  if (isList(object)) k.fail("cannot exec into multiple objects at a time");
  const pod = yield* podFor(k, object, timeout);
  const phase = pod.status?.phase ?? "";
  if (phase === "Succeeded" || phase === "Failed")
    k.fail(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  const named = flags.string("container");
  const container = named
    ? namedContainer(pod, named)
    : containerOrDefault(k, pod, "", flags.bool("quiet"));
  const stdin = flags.bool("stdin");
  const tty = yield* terminalWanted(k, flags.bool("tty"));
  const stream = yield* openSession(k, pod, "exec", [
    ...command.map((word) => ["command", word] as const),
    ...sessionQuery(container.name, { stdin, tty }),
  ]);
  return k.continueAs("session", { stream, stdin, tty } satisfies SessionPlace);
}

function* attach(k: Kubectl): Work<Outcome> {
  const { flags, args } = k;
  placeOf(yield* k.access());
  const timeout = k.flags.duration("pod-running-timeout");
  if (timeout <= 0) timeoutOf(k);
  yield* k.client();
  if (args.length === 0) k.fail("at least 1 argument is required for attach");
  if (args.length > 2)
    k.fail(
      `expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(" ")}]`,
    );
  const [first = "", second] = args;
  const names =
    second === undefined ? { type: "pods", names: [first] } : { type: first, names: [second] };
  const pod = yield* podFor(k, yield* objectOf(k, { names }), timeout);
  const phase = pod.status?.phase ?? "";
  if (phase === "Succeeded" || phase === "Failed")
    k.fail(`cannot attach a container in a completed pod; current phase is ${phase}`);
  return k.continueAs("session", yield* attachTo(k, pod, flags.string("container")));
}

export const sessionContinuations = { session: runSession };
export const execCommands: Command[] = [
  { path: "exec", run: exec, continuations: sessionContinuations },
  { path: "attach", run: attach, continuations: sessionContinuations },
];
