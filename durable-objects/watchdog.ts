import type { Engine } from "./engine/index.ts";
import type { WorkUnit } from "./engine/loop/work-units.ts";
import { hungMsMin, overdueMsMin, unitsUnderWayMax } from "./limits.ts";

/**
 * For what nobody foresaw: work that hangs or kills the process is begun again by every start, and no sandbox of the
 * process ever opens. Running work is not written down, for every row costs. But a start that finds work overdue may come
 * after such a death: it goes through the first of it unit by unit, and each is written down, durably, before it runs. A
 * unit that was under way at the death before is stopped, and the operator and the user are told.
 */

const markKey = "under-way";

interface Mark {
  unit: WorkUnit;
  atMs: number;
  /** Deaths with this unit under way. */
  deaths: number;
}

/** Work that is no key of a controller: what ended sessions leave. */
const sessionsUnit: WorkUnit = { work: "sessions", processes: [] };

export class Watchdog {
  private readonly storage: DurableObjectStorage;
  private readonly sandbox: string;
  private mark: Mark | undefined;

  constructor(storage: DurableObjectStorage, sandbox: string) {
    this.storage = storage;
    this.sandbox = sandbox;
  }

  /** The first work of a start, `endOrphans` among it: free where nothing is overdue. */
  async start(engine: Engine, nowMs: number, endOrphans: () => void): Promise<void> {
    this.mark = this.storage.kv.get<Mark>(markKey);
    if (!this.mark && engine.overdueMs(nowMs) < overdueMsMin) return endOrphans();
    const died = this.judge(engine, nowMs);
    for (let units = 0; units < unitsUnderWayMax; units++) {
      const unit = engine.nextUnit(nowMs);
      if (!unit) break;
      const deaths = died?.unit.work === unit.work ? died.deaths : 0;
      await this.write({ unit, atMs: Date.now(), deaths });
      engine.runUnit(unit);
    }
    const deaths = died?.unit.work === sessionsUnit.work ? died.deaths : 0;
    await this.write({ unit: sessionsUnit, atMs: Date.now(), deaths });
    endOrphans();
    this.storage.kv.delete(markKey);
  }

  /** What was under way at the last death; stopped, if that was the second. */
  private judge(engine: Engine, nowMs: number): Mark | undefined {
    if (!this.mark) return undefined;
    const { unit, atMs } = this.mark;
    const deaths = this.mark.deaths + 1;
    if (deaths < 2 && nowMs - atMs < hungMsMin) return { unit, atMs, deaths };
    console.error({
      event: "work stopped",
      sandbox: this.sandbox,
      work: unit.work,
      processes: unit.processes,
    });
    if (unit.work === sessionsUnit.work) engine.dropSessions();
    else engine.stopUnit(unit);
    return undefined;
  }

  private async write(mark: Mark): Promise<void> {
    this.storage.kv.put(markKey, mark);
    await this.storage.sync();
  }
}
