import { signal } from "@preact/signals";
import { ApiError, messageOf } from "../api/client.ts";
import { readYaml, replaceYaml } from "../api/object.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { rangeOf, type Mark } from "../yaml/check.ts";
import { basedOn, sameButStatus, withoutManagedFields } from "../yaml/versions.ts";

/** An object whose text is edited, and what the server says of it. */
export class EditedObject {
  readonly #desk: Desk;
  readonly #object: ObjectRef;
  /** As it was when the editing began; undefined: not read yet. */
  readonly stored = signal<string | undefined>(undefined);
  readonly text = signal("");
  readonly problem = signal<string | undefined>(undefined);
  readonly marks = signal<Mark[]>([]);
  /** What the server would store. */
  readonly answer = signal<string | undefined>(undefined);
  /** As somebody else left it meanwhile. */
  readonly newer = signal<string | undefined>(undefined);
  readonly saved = signal(false);

  constructor(desk: Desk, object: ObjectRef) {
    this.#desk = desk;
    this.#object = object;
  }

  /** What nobody changed here keeps up with the cluster; what was changed is kept, and the other state is shown beside it. */
  follow(): void {
    this.#newest().then(
      (found) => {
        this.problem.value = undefined;
        const before = this.stored.peek();
        const text = this.text.peek();
        if (before === undefined || text === before) this.#take(found);
        else if (sameButStatus(before, found)) this.#base(found);
        else this.newer.value = found;
      },
      (error: unknown) => (this.problem.value = messageOf(error)),
    );
  }

  get isChanged(): boolean {
    return this.stored.peek() !== undefined && this.text.peek() !== this.stored.peek();
  }

  /** An answer is of the text that was sent. */
  noteText(text: string): void {
    this.answer.value = undefined;
    if (text !== this.stored.peek()) this.saved.value = false;
  }

  /** Throws ApiError. */
  readonly tryIt = async (): Promise<void> => {
    this.answer.value = await this.#send(true);
  };

  /** Throws ApiError. */
  readonly save = async (): Promise<void> => {
    this.#take(await this.#send(false));
    this.saved.value = true;
  };

  /** Throws ApiError. */
  readonly discard = async (): Promise<void> => this.#take(await this.#newest());

  /** One's own text is to be written over what somebody else wrote. */
  readonly keep = (): void => {
    const found = this.newer.peek();
    if (found !== undefined) this.#base(found);
  };

  async #newest(): Promise<string> {
    return withoutManagedFields(await readYaml(this.#desk.shown.value, this.#object));
  }

  #take(found: string): void {
    this.stored.value = found;
    this.text.value = found;
    this.answer.value = undefined;
    this.newer.value = undefined;
  }

  #base(found: string): void {
    this.text.value = basedOn(this.text.peek(), found);
    this.stored.value = found;
    this.newer.value = undefined;
  }

  async #send(dryRun: boolean): Promise<string> {
    const text = this.text.peek();
    this.marks.value = [];
    try {
      return withoutManagedFields(await replaceYaml(this.#desk.live, this.#object, text, dryRun));
    } catch (error) {
      if (error instanceof ApiError) this.marks.value = marksOf(text, error);
      throw error;
    }
  }
}

const unsaved = new Map<string, EditedObject>();

/** What was written and not saved is there again when one comes back to the object, as long as the page is open. */
export function editedOf(desk: Desk, object: ObjectRef): EditedObject {
  for (const [path, edited] of unsaved) if (!edited.isChanged) unsaved.delete(path);
  if (desk.moment.peek() !== undefined) return new EditedObject(desk, object);
  const before = unsaved.get(object.path);
  if (before) return before;
  const edited = new EditedObject(desk, object);
  unsaved.set(object.path, edited);
  return edited;
}

/** The fields that an error names. */
function marksOf(text: string, { message, causes }: ApiError): Mark[] {
  const unknown = [...message.matchAll(/unknown field "([^"]+)"/g)].map(([said, field]) => ({
    field: field!,
    message: said,
  }));
  return [...causes, ...unknown].map((cause) => ({
    ...rangeOf(text, cause.field),
    message: cause.message,
  }));
}
