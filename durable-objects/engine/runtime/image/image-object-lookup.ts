/** Images that an object of kind Image (podyard.dev/v1) speaks of: which one a reference means. */
import type { Image } from "../../kinds/podyard/image.ts";
import { parseReference } from "../../machinery/image-reference.ts";
import type { Reader } from "../../ports/controller.ts";
import type { Sys } from "../kernel/types.ts";

export type Lookup = Pick<Reader, "byIndex">;

/** Image objects of a normalised repository. */
export const imagesOf = (reader: Lookup | undefined, repository: string): readonly Image[] =>
  reader?.byIndex<Image>("image.repository", repository) ?? [];

/** The object a tag belongs to: one that lists it, or one that lists none. */
export const imageWithTag = (images: readonly Image[], tag: string): Image | undefined =>
  images.find(({ spec }) => spec?.tags?.includes(tag)) ??
  images.find(({ spec }) => !spec?.tags?.length);

/** The object a container's image reference means. */
export function imageObjectOf(reader: Lookup | undefined, image: string): Image | undefined {
  const reference = parseReference(image);
  if ("error" in reference || !reader) return undefined;
  return imageWithTag(
    imagesOf(reader, `${reference.domain}/${reference.path}`),
    reference.tag ?? "latest",
  );
}

/** The Image object that defines a container's image; one that only sets who may pull it does not. */
export function behaviourOf(sys: Sys): Image | undefined {
  const reader = sys.kernel.context.reader as Reader | undefined;
  const found = imageObjectOf(reader, sys.container.record.spec.image);
  const {
    repository: _repository,
    tags: _tags,
    private: locked,
    credentials,
    ...rest
  } = {
    ...found?.spec,
  };
  if ((locked || credentials) && Object.keys(rest).length === 0) return undefined;
  return found;
}

/** Whether an object of kind Image defines what a container's image does. */
export const isDescribed = (sys: Sys): boolean => behaviourOf(sys)?.spec !== undefined;
