/** Field names of file trees on disk: short, as a tree may have thousands of inodes. */
import { RecordCodec, type StoredNames } from "../../core/record-codec.ts";

/** The name that an inode's content has on disk. */
export const storedContentName = "d";

const inode: StoredNames = {
  fields: {
    type: "t",
    mode: "m",
    uid: "u",
    gid: "g",
    modifiedAtMs: "k",
    data: storedContentName,
    size: "z",
    holeBytes: "o",
    charge: "c",
    dynamic: "y",
    links: "n",
  },
};

export const treeRecordCodec = new RecordCodec({
  fields: { inodes: "i", names: "p", bytes: "b" },
  inside: { inodes: { each: inode } },
});
