/** Attaching to a Pod that a command has made: waiting for it, what it said before, its session. k8s: kubectl/pkg/cmd/{run,debug,attach} */
import type { Kubectl } from "./command.ts";
import { Failure } from "./errors.ts";
import { events } from "./http.ts";
import type { KubeObject } from "./objects.ts";
import { containerOrDefault, type PodObject } from "./pods.ts";
import { openSession, rawTerminal, sessionQuery, type SessionPlace } from "./session.ts";
import { nextEvents, openWatch } from "./watch.ts";
import { section, type Work } from "./work.ts";

export interface Awaited {
  namespace: string;
  name: string;
  /** Virtual ms at which it is given up; absent: never. */
  limit?: number;
}

/** Waits until a Pod is as it should be. */
export function* waitPod(
  k: Kubectl,
  { namespace, name, limit }: Awaited,
  until: (pod: PodObject) => boolean,
): Work<PodObject> {
  const client = yield* k.client();
  const pods = (yield* k.mapper()).need("pods");
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  for (;;) {
    const pod = yield* client.json<KubeObject>({ path });
    if (until(pod as PodObject)) return pod as PodObject;
    const resourceVersion = pod.metadata?.resourceVersion ?? "";
    let place = yield* openWatch(client, pods, namespace, { name, resourceVersion });
    for (;;) {
      const at = place;
      const step = yield* section(function* () {
        const news = yield* nextEvents(at, limit);
        const found = news.events.find(({ object }) => until(object as PodObject))?.object as
          | PodObject
          | undefined;
        const gone = news.events.some(({ type }) => type === "DELETED");
        return { at, found: found ?? null, gone, late: news.late, ended: news.ended };
      });
      place = step.at;
      if (step.gone) throw new Failure('pods "" not found');
      if (step.found) return step.found;
      if (step.late) throw new Failure("timed out waiting for the condition");
      if (step.ended) break;
    }
  }
}

/**
 * What a container has said so far, without the characters that were `printed` before, and with `follow` what it says until its end.
 * How many characters there were at first.
 */
export function* printLog(
  k: Kubectl,
  { namespace, name }: Awaited,
  container: string,
  follow = false,
  printed = 0,
): Work<number> {
  const client = yield* k.client();
  const answer = yield* client.ok({
    path: `/api/v1/namespaces/${namespace}/pods/${name}/log`,
    query: [
      ["container", container],
      ["follow", follow || undefined],
    ],
    ...(follow ? { stream: true } : {}),
  });
  k.out(answer.text.slice(printed));
  let { stream } = answer;
  while (stream !== undefined) {
    const from: string = stream;
    const over = yield* section(function* () {
      const news = yield* events(from);
      k.out(news.text);
      return news.ended;
    });
    if (over) stream = undefined;
  }
  return answer.text.length;
}

/** Whether there is a terminal to hand on; of one that there is not is told. k8s: exec.go SetupTTY */
export function* terminalWanted(k: Kubectl, tty: boolean): Work<boolean> {
  if (!k.flags.bool("stdin") || !tty) return false;
  if (yield* rawTerminal()) return true;
  if (!k.flags.bool("quiet"))
    k.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
  return false;
}

const notice =
  "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n";

/** Attaches to a container of a Pod, by the command's own flags; the session that goes on. */
export function* attachTo(k: Kubectl, pod: PodObject, name: string): Work<SessionPlace> {
  const { flags } = k;
  const quiet = flags.bool("quiet");
  let container;
  try {
    container = containerOrDefault(k, pod, name, quiet);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`cannot attach to the container: ${error.message}`);
  }
  if (flags.bool("tty") && !container.tty && !quiet)
    k.err(`error: Unable to use a TTY - container ${container.name} did not allocate one\n`);
  const tty = yield* terminalWanted(k, container.tty === true);
  if (!quiet) k.err(notice);
  const stdin = flags.bool("stdin");
  const stream = yield* openSession(k, pod, "attach", sessionQuery(container.name, { stdin, tty }));
  const { name: podName, namespace } = pod.metadata ?? {};
  const how = `'kubectl attach ${podName} -c ${container.name} -n ${namespace} -i -t'`;
  const ephemeral = pod.spec.ephemeralContainers?.some((one) => one.name === container.name);
  const farewell = ephemeral
    ? `Session ended, the ephemeral container will not be restarted but may be reattached using ${how} if it is still running`
    : `Session ended, resume using ${how} command`;
  return { stream, stdin, tty, ...(!quiet && stdin && tty ? { farewell } : {}) };
}

/** The same; where it cannot be, what the container has said is printed instead. Nothing: that was all. */
export function* attachOrLog(
  k: Kubectl,
  pod: PodObject,
  container: string,
): Work<SessionPlace | undefined> {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  try {
    return yield* attachTo(k, pod, container);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    k.err(
      `warning: couldn't attach to pod/${name}, falling back to streaming logs: ${error.message}\n`,
    );
    yield* printLog(k, { namespace, name }, container);
    return undefined;
  }
}
