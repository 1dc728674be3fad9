/** The timeline as a stream: a line of JSON for each row, told after each turn like a watch's events. */
import { timelineRowsMax, watchSecondsMax } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Subscription, WatchReply } from "../ports/request.ts";
import { timelineOf } from "./timeline.ts";

/** No resource has this name: those have a group, a version and a plural. */
const timeline = "timeline";

export const isTimeline = ({ resource }: Subscription): boolean => resource === timeline;

/** What came after a revision, as far as the log tells, and what is still to come. `after` absent: that alone. */
export function openTimeline(
  log: Log,
  components: ReadonlySet<string>,
  after: number | undefined,
  wallMs: number,
): WatchReply {
  const subscription: Subscription = {
    id: "",
    resource: timeline,
    namespace: "",
    labelSelector: "",
    fieldSelector: "",
    as: "object",
    apiVersion: "",
    includeObject: "None",
    headersSent: false,
    bookmarks: false,
    rv: Math.min(after ?? log.head, log.head),
    endsAtWall: wallMs + watchSecondsMax * 1000,
  };
  const { lines } = pollTimeline(log, components, subscription, wallMs);
  const headers = { "content-type": "application/x-ndjson" };
  return { type: "watch", status: 200, headers, lines, subscription };
}

/** Lines owed since the subscription's revision; moves it forward. */
export function pollTimeline(
  log: Log,
  components: ReadonlySet<string>,
  subscription: Subscription,
  wallMs: number,
): { lines: string[]; ended: boolean } {
  const lines: string[] = [];
  while (subscription.rv < log.head) {
    const page = timelineOf(log, components, { after: subscription.rv, limit: timelineRowsMax });
    for (const row of page.items) lines.push(`${JSON.stringify(row)}\n`);
    subscription.rv = page.revision;
  }
  return { lines, ended: wallMs >= subscription.endsAtWall };
}
