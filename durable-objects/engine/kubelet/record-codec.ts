/** Field names of the kubelet's records on disk. */
import { RecordCodec, type StoredNames } from "../core/record-codec.ts";

const probe: StoredNames = {
  fields: { idleFingerprint: "calm", idleFromMs: "since", counts: "n" },
};

const container: StoredNames = {
  fields: { restartsAtOnce: "swift" },
  inside: { probes: { each: probe } },
};

export const kubeletRecordCodec = new RecordCodec({
  fields: { idle: "quiet" },
  inside: { containers: { each: container } },
});
