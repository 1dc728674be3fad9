/** What describes a kind: writes what is to be said of an object, reading what else it needs. */
import type { Work } from "../work.ts";
import type { Out } from "./out.ts";
import type { Settings } from "./reach.ts";

export type Describer<T> = (settings: Settings, object: T, out: Out) => Work<void>;
