/** The object's one alarm. Setting it costs a written row, so it is set only when the moment changes. */
export class Alarm {
  private readonly storage: DurableObjectStorage;
  /** What is set, as far as known; undefined right after waking. */
  private armed: number | null | undefined;

  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
  }

  /** Called by `alarm()` first of all: a running alarm is no longer set. */
  fired(): void {
    this.armed = null;
  }

  /** The next wall moment at which the object must run, or none at all. */
  async arm(dueMs: number | undefined): Promise<void> {
    if (this.armed === undefined) {
      const stored = await this.storage.getAlarm();
      // Another turn may have armed it while this one waited.
      this.armed = this.armed ?? stored;
    }
    const wanted = dueMs === undefined ? null : Math.ceil(dueMs);
    if (wanted === this.armed) return;
    this.armed = wanted;
    if (wanted === null) await this.storage.deleteAlarm();
    else await this.storage.setAlarm(wanted);
  }
}

/** After a failed alarm the object rests this long, doubling up to the greatest. */
const alarmBackoffMsMin = 1_000;
const alarmBackoffMsMax = 300_000;

export const backoffMs = (failures: number): number =>
  Math.min(alarmBackoffMsMax, alarmBackoffMsMin * 2 ** Math.min(failures - 1, 20));
