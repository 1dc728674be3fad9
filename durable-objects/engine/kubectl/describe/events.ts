/** Events at the end of a description, and how old they are. k8s: kubectl/pkg/describe DescribeEvents */
import type { Event } from "kubernetes-types/core/v1";
import { parseTime } from "../../core/clock.ts";
import { ageOf } from "../../machinery/duration.ts";
import { goSortedBy } from "../go/sort.ts";
import type { Out } from "./out.ts";

/** `5m (x3 over 1h)`. k8s: kubectl/pkg/cmd/events/event_printer.go getInterval */
export function intervalOf(event: Event, now: number): string {
  const first = ageOf(event.eventTime ?? event.firstTimestamp, now);
  if (event.series)
    return `${ageOf(event.series.lastObservedTime, now)} (x${event.series.count ?? 0} over ${first})`;
  if ((event.count ?? 0) > 1)
    return `${ageOf(event.lastTimestamp, now)} (x${event.count} over ${first})`;
  return first;
}

const lastOf = ({ lastTimestamp }: Event): number => {
  const ms = parseTime(lastTimestamp ?? undefined);
  return Number.isNaN(ms) ? -1e15 : ms;
};

export function writeEvents(out: Out, events: readonly Event[] | undefined, now: number): void {
  if (!events) return;
  if (events.length === 0) return out.field("Events", "<none>");
  out.write("Events:\n");
  const rows = goSortedBy(events, lastOf).map((event) => {
    const { fieldPath } = event.involvedObject;
    const message = (event.message ?? "").trim();
    return [
      event.type,
      event.reason,
      intervalOf(event, now),
      event.source?.component || (event.reportingComponent ?? ""),
      fieldPath ? `${fieldPath}: ${message}` : message,
    ];
  });
  out.table(1, "Type\tReason\tAge\tFrom\tMessage", rows, "----\t------\t----\t----\t-------");
}
