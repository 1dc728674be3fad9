/** What the scheduler did since this engine was made, for its /metrics. k8s: pkg/scheduler/metrics/metrics.go */
export class SchedulerCounts {
  readonly attempts = { error: 0, scheduled: 0, unschedulable: 0 };
  preemptions = 0;
  /** How many Pods were scheduled at their nth attempt. */
  readonly scheduledAt = new Map<number, number>();

  /** An attempt was made, the nth of its Pod's. */
  note(result: keyof SchedulerCounts["attempts"], attempt: number): void {
    this.attempts[result]++;
    if (result === "scheduled")
      this.scheduledAt.set(attempt, (this.scheduledAt.get(attempt) ?? 0) + 1);
  }
}
