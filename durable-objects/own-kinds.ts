/**
 * Whether a sandbox's discovery is its own, in its row of the service's database: the Worker answers for all others without
 * waking anybody. Told before the answer leaves that the change came with.
 */
import { definitions } from "./engine/kinds/custom-resource-definition/types.ts";
import { writeOwnKinds } from "./edge-request.ts";
import type { Engine } from "./engine/index.ts";

const name = "ownKinds";

export class OwnKinds {
  readonly #kv: SyncKvStorage;
  readonly #db: D1Database | undefined;
  #told: Promise<void> = Promise.resolve();
  /** Outlives a reset, which empties the storage and not the row. */
  #own: boolean | undefined;

  constructor(kv: SyncKvStorage, db: D1Database | undefined) {
    this.#kv = kv;
    this.#db = db;
  }

  /** As the row has it, as far as is known. */
  get own(): boolean {
    this.#own ??= this.#kv.get<boolean>(name) ?? false;
    return this.#own;
  }

  /** The row is written; it never fails, and what was not written is tried again after the next turn. */
  get told(): Promise<void> {
    return this.#told;
  }

  /** After each turn. A definition counts from the moment it is there, established or not; so does a Service with kinds. */
  see(engine: Engine, sandbox: string): void {
    const own = engine.store.count(definitions) > 0 || engine.registry.listsRemote;
    if (own !== this.own) this.#told = this.#told.then(() => this.#tell(sandbox, own));
  }

  /** The answer, which says it to the Worker too. */
  async saidOn(answer: Response): Promise<Response> {
    await this.#told;
    if (!answer.webSocket) writeOwnKinds(answer.headers, this.own);
    return answer;
  }

  async #tell(sandbox: string, own: boolean): Promise<void> {
    try {
      await this.#db
        ?.prepare("UPDATE sandboxes SET own_kinds = ?1 WHERE id = ?2")
        .bind(own ? 1 : 0, sandbox)
        .run();
      this.#own = own;
      this.#kv.put(name, own);
    } catch (error) {
      console.error({ event: "own kinds not told", sandbox, error: String(error) });
    }
  }
}
