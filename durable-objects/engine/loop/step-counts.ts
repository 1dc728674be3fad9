/** What controllers did since this engine was made, as a component counts from its start. */
export class StepCounts {
  readonly #done = new Map<string, number>();
  readonly #failed = new Map<string, number>();

  /** A key was taken. */
  took(controller: string): void {
    this.#done.set(controller, this.done(controller) + 1);
  }

  /** One has to be tried again later. */
  failed(controller: string): void {
    this.#failed.set(controller, this.retries(controller) + 1);
  }

  done(controller: string): number {
    return this.#done.get(controller) ?? 0;
  }

  retries(controller: string): number {
    return this.#failed.get(controller) ?? 0;
  }
}
