/**
 * Every limit of the shell around the engine, in one place; the unit stands last in the name. What holds for the cluster
 * itself stands in `engine/core/limits.ts`, what holds for the edge in `worker/limits.ts`.
 */

// The object's turns and alarms
/** From the beginning of a turn that used its budget up to the next: the process serves other sandboxes too. */
export const turnRestMs = 120;
/** An object with work due this soon stays in memory anyhow, so a timer is enough. */
export const timerMsMax = 2_000;
/** How long after a timer its alarm comes, which makes up for a timer that was lost with the memory. */
export const alarmBehindMs = 5_000;
/** After a failed alarm the object rests this long, doubling up to the greatest. */
export const alarmBackoffMsMin = 1_000;
export const alarmBackoffMsMax = 300_000;

// Birth
/** Manifests that a sandbox is born with: as long as the API server takes a request, and as many as a cluster settles with. */
export const manifestsBytesMax = 3 * 1024 * 1024;
export const manifestsMax = 1_000;
/** Documents of their text, empty ones too, each of which is parsed. */
export const manifestDocumentsMax = 5_000;

// The watchdog
/** An alarm that is this late suggests a crash, or a pause, for which the watchdog costs a few rows. */
export const overdueMsMin = 1_000;
/** A unit takes some milliseconds: one this old at the next start had hung, if overdue work had already shown one crash. */
export const hungMsMin = 3_000;
/** Work that one turn may have had under way. */
export const unitsUnderWayMax = 1_000;

// Grants
/** How long a verdict from before a cut may still arrive: the Workers' cache, and how far their clocks may be apart. */
export const verdictAgeMsMax = 5_000;
/** Cuts that are kept one by one; a floor of moments stands for those before. */
export const cutsMax = 256;
/** Tokens of service accounts whose signature was found genuine, and is not worked out again: a millisecond each. */
export const genuineTokensKept = 64;

// Presence
/** Who has nothing open is told of so long after their last request. */
export const visitShownMs = 5 * 60_000;
/** How often a further request of theirs is told. */
export const visitToldMsMin = 60_000;
/** Visits that memory keeps, and what of them a socket's attachment carries: at two bytes a character a part of its 16 KB. */
export const visitsMax = 100;
export const visitsSavedCharsMax = 5_000;
/** Sockets that are told: a page has one. */
export const presenceFollowersMax = 128;
export const clientNameCharsMax = 30;

// Watches and followed logs
/** How far an idle watch's saved place may lag: it is replayed from there, and must still be in the log. */
export const savedLagRevisionsMax = 500;
/** Length of a message: the platform takes 32 MB at once, and a whole cluster can be more. */
export const watchMessageCharsMax = 1_000_000;
/** A stream opened longer ago than this does not keep virtual time running. */
export const lookMsMax = 30 * 60_000;
/** Streams served at a time, and characters sent to them: the rest follows after other work. */
export const toldAtOnceMax = 250;
export const toldAtOnceCharsMax = 4_000_000;

// What has changed, told to pages
/** Sockets that are told: a page has one. */
export const changeFollowersMax = 128;
/** Sent to one of them in all; the page comes again. A socket does not show whether anybody reads it. */
export const changesSentCharsMax = 16_000_000;
/** Virtual time that a page works out may be off by so much before it is told anew. */
export const toldTimeOffMsMax = 1_000;

// Sessions: exec, attach, port-forward, whole logs
/** Of one sandbox: each keeps its object in memory. */
export const sessionsMax = 64;
/** A session without a byte either way for this long ends: port-forwards keep the object awake, which costs, and any keeps time going. */
export const sessionIdleMsMax = 30 * 60_000;
/** So often an object wakes while sessions lie in its memory alone: the platform puts it to sleep after ten seconds without. */
export const sessionHoldMs = 5_000;
/** What all sessions of a sandbox may do in one turn, and one of them, in units of `engine.sessionWork`: some 20 ms. */
export const pumpWorkMax = 80;
export const sessionWorkMax = 40;
/** What the cluster does for what a client said before it went, in all: some 20 MB to a command, thousands of requests to a port. */
export const departedWorkMax = 4_000;
/** The same of one port-forwarded connection before it is the next one's turn. */
export const connectionWorkMax = 16;
/** Connections that one port-forward may have open at once. */
export const forwardedConnectionsMax = 256;
/** After a turn that used most of its work sessions rest for this long. */
export const sessionRestMs = 20;
/** Turns for clients' messages within one round of the event loop. */
export const roundTurnsMax = 4;
/** The runtime reads a full socket without a pause and serves nothing else meanwhile: after this much it is held back for one round. */
export const roundMessagesMax = 256;
export const roundBytesMax = 256 * 1024;
/**
 * Before kubectl 1.34 a client reads while it still makes its streams, and gives up over a message for one that it does
 * not have yet: a command's first output waits this long, as it does in a cluster with a slower runtime.
 */
export const firstWordMs = 30;
/** What a session's command, or a server, which may find many requests in it, is given in one step. */
export const stepBytesMax = 16 * 1024;
export const serverStepBytesMax = 4 * 1024;
/** What a session may send in one go, so that others get their turn. */
export const sendBytesMax = 1024 * 1024;
/** What all sessions of a sandbox may send: sockets do not show whether a client reads. */
export const sendBytesPerSecond = 4 * 1024 * 1024;
export const sendBurstBytes = 16 * 1024 * 1024;
export const sentBytesPerSessionMax = 64 * 1024 * 1024;
/** What a client may send before its process or server has read it. */
export const heldBytesMax = 32 * 1024 * 1024;
/** The same of all clients of a sandbox: an object's memory is 128 MB. */
export const heldTogetherBytesMax = 48 * 1024 * 1024;
/** Small pieces are put together in blocks of this size: what a message costs is its bytes. */
export const heldBlockBytes = 16 * 1024;
/**
 * A socket cannot be told to stop reading, but it reads nothing while a turn runs: a client this far ahead of its command
 * is held back by having it read in the turn.
 */
export const inputDrainBytes = 4 * 1024 * 1024;
/** Clients read at most this much at once. */
export const sessionMessageBytesMax = 32 * 1024;
/** Of the pairs of numbers in JSON by which a client tells its terminal's size. */
export const resizeBytesMax = 1024;

// SPDY, as port-forward tunnels it
/** No client sends larger ones: they write 32 KB at a time. */
export const spdyFrameBytesMax = 1024 * 1024;
/** What the headers of one stream may be, inflated; port-forward's are a hundred bytes. */
export const spdyHeaderBytesMax = 64 * 1024;
/** One WebSocket message; clients write a frame at a time. */
export const spdyMessageBytesMax = 2 * 1024 * 1024;
/** Between two turns: frames that carry (nearly) nothing, and headers of all streams together. */
export const smallFramesMax = 4_096;
export const smallFrameBytes = 16;
export const spdyHeaderBytesPerRoundMax = 512 * 1024;
/** Inflated at once: a thousandfold of it must do no harm. */
export const inflateStepBytes = 1024;

// Proxied requests
/** While virtual time stands still no answer comes: the client gets a 504 after this wall time. */
export const proxyWaitMsMax = 60_000;
/** As many as may wait at once; each is asked for after every turn. */
export const proxiesWaitingMax = 256;
/** What one turn hands out: every answer is a row, and others wait meanwhile. */
export const repliesPerTurnMax = 32;
export const replyBytesPerTurnMax = 4 * 1024 * 1024;

// Terminals and runs
/** Screens that show a sandbox's terminals. */
export const terminalSocketsMax = 64;
/** Bytes sent to a screen that it has not said to have shown: a slow one is sent the rest later, or less of it. */
export const terminalUnreadBytesMax = 256 * 1024;
/** Of one message of a screen: a paste comes in pieces. */
export const terminalMessageBytesMax = 64 * 1024;
/** Lines that run on nodes at a time, while somebody waits for each. */
export const runsMax = 8;
export const runOutputBytesMax = 1024 * 1024;
