/** Which rows of a timeline tell of something that is not as wished. */

interface Happening {
  resource: string;
  namespace: string;
  name: string;
  verb: string;
  text: string;
}

/** Reasons of Events, as Kubernetes' components name them. */
const reasons =
  /^(Failed|BackOff|Unhealthy|Evict|Preempt|OOM|SystemOOM|Err|Insufficient|Exceeded|BackoffLimit|Deadline|Miss|TooMany|Unexpected|Unknown|Unparseable|Invalid|NodeNot|NodeHasInsufficient|Rebooted|Killing|Network|Provisioning?Failed|ExternalProvisioning|WaitForFirstConsumer|ProgressDeadline|NoPods|TaintManager|DNSConfig)/;

/** `Event: BackOff of Pod web-1: Back-off restarting ...` */
function eventParts(text: string): { reason: string; kind: string; name: string } | undefined {
  const [, reason, kind, name] = /^Event: (\w+) of (\w+) ([^\s:]+):/.exec(text) ?? [];
  return reason && kind && name ? { reason, kind, name } : undefined;
}

const words =
  /not ready|ended with exit code [1-9]|waits \((?!ContainerCreating|PodInitializing)|is Failed|restarted \(|which waits for /;

/** Whether somebody wants to ask why; what is deleted can be asked nothing. */
export function isTrouble({ resource, verb, text }: Happening): boolean {
  if (verb === "delete") return false;
  if (resource !== "events") return words.test(text);
  const event = eventParts(text);
  return event !== undefined && reasons.test(event.reason);
}

/** Whom a row is about, as far as it says: the object itself, or the one that an Event tells of. */
export function subjectOf(
  row: Happening,
): { namespace: string; name: string } & ({ resource: string } | { kind: string }) {
  const event = row.resource === "events" ? eventParts(row.text) : undefined;
  const { namespace, name, resource } = row;
  return event ? { kind: event.kind, namespace, name: event.name } : { resource, namespace, name };
}
