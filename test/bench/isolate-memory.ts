/** What the runtime's isolate really holds, told by its inspector: the process' own size is mostly garbage not yet collected. */
import { WebSocket } from "ws";

/** Bytes in use right after a full collection: V8's heap, and what lies outside it behind ArrayBuffers. */
export interface Held {
  heapBytes: number;
  backingBytes: number;
}

interface Answer {
  id?: number;
  result?: { usedSize?: number; backingStorageSize?: number; embedderHeapUsedSize?: number };
}

/** Of the Worker, whose isolate its Durable Objects share. */
export class IsolateMemory {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer;
      if (answer.id === undefined) return;
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
    socket.on("error", () => {});
  }

  /** `address`: that of the runtime's `PODYARD_INSPECTOR`. Undefined: nothing listens there. */
  static async open(address: string): Promise<IsolateMemory | undefined> {
    const socket = new WebSocket(`ws://${address}/core:user:podyard`);
    const opened = await new Promise<boolean>((resolve) => {
      socket.once("open", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    if (!opened) return undefined;
    const memory = new IsolateMemory(socket);
    // The sampling itself is not wanted, hence the wide steps.
    await memory.call("HeapProfiler.startSampling", { samplingInterval: 2 ** 24 });
    return memory;
  }

  /** Stops the isolate for a full collection: waits are not measured beside it. */
  async held(): Promise<Held> {
    // Of V8's commands the one that collects at once: `collectGarbage` posts a task, and this runtime runs none while it is idle.
    await this.call("HeapProfiler.getSamplingProfile");
    const { result } = await this.call("Runtime.getHeapUsage");
    return {
      heapBytes: (result?.usedSize ?? 0) + (result?.embedderHeapUsedSize ?? 0),
      backingBytes: result?.backingStorageSize ?? 0,
    };
  }

  close(): void {
    this.socket.terminate();
  }

  private call(method: string, params: object = {}): Promise<Answer> {
    const id = ++this.lastId;
    const answered = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params }));
    return answered;
  }
}

/** The most that was held at once, looked at again and again until `until` resolves. */
export async function mostHeld(memory: IsolateMemory, until: Promise<unknown>): Promise<Held> {
  let over = false;
  void until.finally(() => (over = true));
  let most: Held = { heapBytes: 0, backingBytes: 0 };
  const all = ({ heapBytes, backingBytes }: Held): number => heapBytes + backingBytes;
  for (;;) {
    const now = await Promise.race([memory.held(), until]);
    if (typeof now === "object" && now !== null && "heapBytes" in now) {
      if (all(now as Held) > all(most)) most = now as Held;
    }
    if (over) return most;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
