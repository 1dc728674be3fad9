/** kubectl cp. k8s: kubectl/pkg/cmd/cp/cp.go */
import { cloneJson } from "../../../runtime/bytes.ts";
import type { SessionFrame } from "../../../runtime/net/api-stream-shapes.ts";
import { newArchive, nextBytes, type Archive } from "../../copy/archive.ts";
import {
  archivePrefix,
  baseOf,
  cleaned,
  fileSpec,
  folderOfPath,
  joined,
  type FileSpec,
} from "../../copy/paths.ts";
import { newUnpacking, unpack, type Unpacking } from "../../copy/unpack.ts";
import { call } from "../../asks.ts";
import type { Command, Kubectl } from "../../command.ts";
import { placeOf } from "../../config/client-config.ts";
import { Failure } from "../../errors.ts";
import { containerOrDefault, namedContainer, type PodObject } from "../../pods.ts";
import { endOf, openSession, sendTo, sessionQuery } from "../../session.ts";
import { ask, section, type Outcome, type Work } from "../../work.ts";

/** The Pod and container that are meant; `tell`: where of a default container is told. k8s: exec.go Run */
function* podAndContainer(
  k: Kubectl,
  spec: FileSpec,
  tell: (text: string) => void,
): Work<{ pod: PodObject; container: string }> {
  const client = yield* k.client();
  const pod = yield* client.json<PodObject>({
    path: `/api/v1/namespaces/${spec.namespace}/pods/${spec.pod}`,
  });
  const phase = pod.status?.phase ?? "";
  if (phase === "Succeeded" || phase === "Failed")
    throw new Failure(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  const named = k.flags.string("container");
  const found = named
    ? namedContainer(pod, named)
    : containerOrDefault({ err: tell }, pod, "", false);
  return { pod, container: found.name };
}

const query = (
  command: readonly string[],
  container: string,
  stdin: boolean,
): (readonly [string, string | boolean | undefined])[] => [
  ...command.map((word) => ["command", word] as const),
  ...sessionQuery(container, { stdin, tty: false }),
];

/** What a session says next. */
const frames = (stream: string): Work<SessionFrame[]> =>
  ask<SessionFrame[]>({
    perform(sys) {
      const news = sys.kernel.context.network?.receiveSession?.(sys.kernel.context, stream);
      return news ? { answer: news } : { wait: { answer: stream } };
    },
  });

/** Whether a path of the container is a folder; where that cannot be found out it is taken for none. */
const isFolder = (k: Kubectl, spec: FileSpec): Work<boolean> =>
  section<boolean>(function* () {
    try {
      const { pod, container } = yield* podAndContainer(k, spec, () => {});
      const command = ["test", "-d", spec.file];
      const stream = yield* openSession(k, pod, "exec", query(command, container, false));
      for (;;)
        for (const [channel, data] of yield* frames(stream))
          if (channel === 3) return (data as Partial<{ code: number }>).code === 0;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return false;
    }
  });

interface Sending {
  stream: string;
  archive: Archive;
}

function* copyTo(k: Kubectl, source: FileSpec, target: FileSpec): Work<Outcome> {
  const found = yield* call((sys) => sys.stat(source.file).type);
  if (!("value" in found)) k.fail(`${source.file} doesn't exist in local filesystem`);
  const file = (yield* isFolder(k, target))
    ? joined(target.file, baseOf(source.file))
    : target.file;
  const keep = k.flags.bool("no-preserve") ? ["--no-same-permissions", "--no-same-owner"] : [];
  const folder = folderOfPath(file);
  const { pod, container } = yield* podAndContainer(k, target, (text) => k.err(text));
  const command = ["tar", ...keep, "-xmf", "-", "-C", folder];
  const stream = yield* openSession(k, pod, "exec", query(command, container, true));
  const name = baseOf(cleaned(file));
  const archive = newArchive(cleaned(source.file), name);
  return k.continueAs("send", { stream, archive } satisfies Sending);
}

/** Sends the archive as fast as it is taken, and tells what tar says. */
function* send(k: Kubectl, { stream, archive: before }: Sending): Work<Outcome> {
  const step = yield* ask<{ archive: Archive; frames: SessionFrame[]; error?: string }>({
    perform(sys, kept) {
      const archive = (kept["archive"] ??= cloneJson(before)) as Archive;
      const { context } = sys.kernel;
      const news = context.network?.receiveSession?.(context, stream);
      if (news) return { answer: { archive, frames: news } };
      while (!kept["sent"]) {
        const room = context.network?.sessionRoom?.(context, stream) ?? 0;
        if (room <= 0) break;
        const bytes = nextBytes(sys, archive, room);
        if (typeof bytes !== "string") return { answer: { archive, frames: [], ...bytes } };
        if (bytes === "") kept["sent"] = true;
        sendTo(sys, stream, bytes === "" ? { end: true } : { bytes });
      }
      return { wait: { answer: stream } };
    },
  });
  if (step.error !== undefined) k.fail(step.error);
  const end = told(k, step.frames, 2);
  if (end) return endOf(end);
  return k.continueAs("send", { stream, archive: step.archive } satisfies Sending);
}

/** Hands on what came; its end, if it did. `errors`: where the standard error goes. */
function told(
  k: Kubectl,
  news: readonly SessionFrame[],
  errors: 1 | 2,
  output?: (bytes: string) => void,
): Parameters<typeof endOf>[0] | undefined {
  for (const frame of news) {
    if (frame[0] === 3) return frame[1];
    if (frame[0] === 2) k.pending.push([errors, frame[1]]);
    else if (output) output(frame[1]);
    else k.outBytes(frame[1]);
  }
  return undefined;
}

interface Receiving {
  stream: string;
  state: Unpacking;
}

function* copyFrom(k: Kubectl, source: FileSpec, target: FileSpec): Work<Outcome> {
  const { pod, container } = yield* podAndContainer(k, source, (text) => k.out(text));
  const retries = k.flags.int("retries");
  const quoted = source.file.replaceAll("'", "'\\''");
  const command =
    retries === 0
      ? ["tar", "cf", "-", source.file]
      : ["sh", "-c", `tar cf - '${quoted}' | tail -c+0`];
  const stream = yield* openSession(k, pod, "exec", query(command, container, false));
  const state = newUnpacking({
    namespace: source.namespace,
    pod: source.pod,
    source: source.file,
    prefix: archivePrefix(source.file),
    target: target.file,
  });
  return k.continueAs("receive", { stream, state } satisfies Receiving);
}

function* receive(k: Kubectl, { stream, state: before }: Receiving): Work<Outcome> {
  const news = yield* frames(stream);
  let bytes = "";
  const end = told(k, news, 1, (part) => (bytes += part));
  const done = yield* ask<{ state: Unpacking; told: string; error?: string }>({
    perform(sys) {
      const state = cloneJson(before);
      return { answer: { ...unpack(sys, state, bytes), state } };
    },
  });
  k.err(done.told);
  if (done.error !== undefined) k.fail(done.error);
  if (end && !done.state.ended) return endOf(end);
  return end ? 0 : k.continueAs("receive", { stream, state: done.state } satisfies Receiving);
}

function* run(k: Kubectl): Work<Outcome> {
  const { args } = k;
  const { namespace } = placeOf(yield* k.access());
  yield* k.client();
  if (args.length !== 2) k.fail("source and destination are required");
  const source = fileSpec(args[0] as string);
  const target = fileSpec(args[1] as string);
  if (source.pod && target.pod) k.fail("one of src or dest must be a local file specification");
  if (source.file === "" || target.file === "") k.fail("filepath can not be empty");
  if (source.pod)
    return yield* copyFrom(k, { ...source, namespace: source.namespace || namespace }, target);
  if (target.pod)
    return yield* copyTo(k, source, { ...target, namespace: target.namespace || namespace });
  return k.fail("one of src or dest must be a remote file specification");
}

export const cp: Command = { path: "cp", run, continuations: { send, receive } };
