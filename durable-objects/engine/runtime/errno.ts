/** Error numbers as programs see them; the texts are libc's (musl and glibc agree on these). */

export const errnoTexts = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  ESRCH: "No such process",
  EINTR: "Interrupted system call",
  EIO: "I/O error",
  ENXIO: "No such device or address",
  E2BIG: "Argument list too long",
  ENOEXEC: "Exec format error",
  EBADF: "Bad file descriptor",
  ECHILD: "No child processes",
  EAGAIN: "Resource temporarily unavailable",
  ENOMEM: "Out of memory",
  EACCES: "Permission denied",
  EBUSY: "Resource busy",
  EEXIST: "File exists",
  EXDEV: "Cross-device link",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  EMFILE: "Too many open files",
  ENOTTY: "Inappropriate ioctl for device",
  EFBIG: "File too large",
  ENOSPC: "No space left on device",
  ESPIPE: "Illegal seek",
  EROFS: "Read-only file system",
  EMLINK: "Too many links",
  EPIPE: "Broken pipe",
  ENAMETOOLONG: "File name too long",
  ENOTEMPTY: "Directory not empty",
  ELOOP: "Too many levels of symbolic links",
  EDQUOT: "Disk quota exceeded",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Address not available",
  ENETUNREACH: "Network unreachable",
  EHOSTUNREACH: "Host is unreachable",
  ECONNREFUSED: "Connection refused",
  ECONNRESET: "Connection reset by peer",
  ETIMEDOUT: "Connection timed out",
  ENOTCONN: "Socket not connected",
} as const;

export type ErrnoCode = keyof typeof errnoTexts;

/** V8's own knob, unknown to the language. */
const errors = Error as { stackTraceLimit?: number };

/** A failed system call: expected, and a program's to print. */
export class Errno extends Error {
  override name = "Errno";
  readonly code: ErrnoCode;
  constructor(code: ErrnoCode) {
    // Thrown wherever a file is not there, and caught at once: nobody reads the stack, which costs the most.
    const kept = errors.stackTraceLimit;
    errors.stackTraceLimit = 0;
    super(errnoTexts[code]);
    errors.stackTraceLimit = kept;
    this.code = code;
  }
}

/** Ends the step of a process that its own call killed. */
export class ProcessKilled extends Error {
  override name = "ProcessKilled";
}

/** The text of a failed call; anything but an Errno goes on up. */
export function errorText(error: unknown): string {
  if (error instanceof Errno) return error.message;
  throw error;
}
