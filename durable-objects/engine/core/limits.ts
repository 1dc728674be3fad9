/**
 * Every limit of the engine, in one place; the unit stands last in the name. Reaching one says so.
 *
 * Limits are what Podyard bounds so that an object keeps its memory, its time and its rows, what it keeps for speed, and
 * the timings that a real cluster sets by flags or constants and that several parts share (`k8s:` names them). What a
 * validation rule, a protocol or a tool of Kubernetes or Linux bounds itself stands beside that rule, with its source.
 */

// Snapshots that are read without a sandbox
/** Memory that the opened ones of an isolate may take, by `openSnapshotBytesPerByte`; an isolate has 128 MB. */
export const openSnapshotsBytesMax = 32 * 1024 * 1024;
/** What an opened snapshot takes, at most, for each byte of its content: as text, and as the values that were read of it. */
export const openSnapshotBytesPerByte = 4;

// A snapshot's picture
/** Boxes, dots in each, and characters of a name that it has room for; what is left out is told as a number. */
export const thumbnailNodesMax = 15;
export const thumbnailDotsPerNodeMax = 60;
export const thumbnailNameCharsMax = 24;

// Users
/** Of a member's name: as much of it as a revision's cause keeps. */
export const userNameCharsMax = 200;

// Snapshots
/** Of an artefact's content; the whole of it stands in memory, as text and as values. */
export const snapshotBytesMax = 32 * 1024 * 1024;
/** Keys, elements, objects and lists in it. */
export const snapshotValuesMax = 3_000_000;
/** Tokens of service accounts that are signed anew, a millisecond each; the others stay invalid. */
export const snapshotTokensMax = 500;
/** A Secret's value of so many characters of different kinds, or twice as many, is looked for in all that is left of a sandbox. */
export const secretValueCharsMin = 6;
/** How often a text that looks like one of those values is compared with it, in one snapshot. */
export const secretComparisonsMax = 5_000_000;

/** Of deflated bytes that are inflated before the outcome is counted: a thousandfold of it at most. */
export const inflatePieceBytes = 4_096;

// API
/** Permissions, each of one verb, group, resource and name, that one role may ask for of who writes or binds it, and names of those held that they are compared with. */
export const permissionsComparedMax = 20_000;
export const namesComparedMax = 40_000_000;
/** Of a request; the edge reads no more, and the engine, which Pods ask too, looks again. k8s: apiserver/pkg/server/config.go MaxRequestBodyBytes */
export const requestBodyBytesMax = 3 * 1024 * 1024;
/** Of one object as JSON, well below a row's 2 MB. k8s: etcd's --max-request-bytes */
export const objectBytesMax = 1.5 * 1024 * 1024;
/** Of both specs as JSON, of which the refusal of an update prints the difference. */
export const specDiffBytesMax = 64 * 1024;
/** Of comparing two texts, in pairs of equal lines: some 20 ms. */
export const diffUnitsMax = 2_000_000;
/** Kinds of requests that are counted apart for /metrics: definitions come and go. */
export const requestLabelsMax = 5_000;
export const generateNameAttemptsMax = 8;
/** Items of a long list that are written at once, some 5 ms; only of a longer one are there pieces. */
export const listPieceItems = 250;
/** Or so many characters: rows of custom resources may be long. */
export const listPieceCharacters = 512 * 1024;

// Log
export const logRowBytesMax = 900_000;
/** About as much of a restored past stands in one row: reading one revision reads its whole row. */
export const pastRowBytesTarget = 16_384;
/** A shorter record is told whole in each row: a difference would save nothing. */
export const toldWholeCharactersMax = 200;
/** Uncheckpointed log beyond this is folded into the state table. */
export const checkpointBytesMin = 3_000_000;
/** Of a checkpoint's pages that one turn writes, or of the log's rows that it looks through to let them go: some 15 ms. */
export const checkpointPortionBytes = 1_000_000;
/** A turn that writes much to the log writes so many bytes of pages for each of its own; up to so many portions. */
export const portionPerRowByte = 3;
export const portionsPerTurnMax = 4;
/** Pages of checkpoints that were let go of. */
export const pagesDroppedPerTurnMax = 100;
/**
 * History kept on disk: resuming watches, timeline. A quarter of it are revisions for certain: twenty seconds of what sixteen of
 * upstream's tests write at once, of which clients go on from lists that are ten seconds old.
 */
export const logBytesMax = 32_000_000;
/** Pages that only earlier checkpoints name, from which moments are made again; beside what `stateBytesMax` counts. */
export const pastPagesBytesMax = 16_000_000;
/** A cluster as it was is kept so long for the next question, by the wall. */
export const earlierKeptMs = 30_000;
/** Rows of one page of the timeline. */
export const timelineRowsDefault = 100;
export const timelineRowsMax = 500;
/** Revisions before a page in which it looks for what its updates changed; of others it only says that they were. */
export const timelineLookBackRevisionsMax = 2_000;
/** Objects that one undo takes back. */
export const undoObjectsMax = 2_000;
/** Of one sentence of the timeline, and fields that one names. */
export const sentenceCharsMax = 400;
export const sentencePathsMax = 4;
/** Lists of the past and their next pages go back so far. k8s: storagebackend.DefaultCompactInterval */
export const compactIntervalMs = 300_000;
/** Revisions kept in memory for watches to resume from. */
export const ringBytesMax = 3_000_000;
/** Newest revisions whose objects are kept beside their text. */
export const ringObjectsMax = 200;
/** Of the name of who caused a revision. */
export const causeCharsMax = 256;

/** Objects of an index entry that are kept in a plain array; more get a map. */
export const smallGroupMax = 12;
/** Parts of objects whose JSON is kept, in each of two generations. */
export const partTextsKeptMax = 1_000;
/** Parts of the log's size limit that one generation of the past fills: two are kept, and leave room for records. */
export const pastGenerations = 4;

// Turns
/** Reconciles, revisions and slices of CPU of one turn, some 100 ms; what is left goes on from the alarm. */
export const turnStepsMax = 500;
/** The same of a cluster's making, which is not left half-way. */
export const birthStepsMax = 4_000;
export const reconcileBackoffMsMin = 1_000;
export const reconcileBackoffMsMax = 300_000;
/** Faults of Podyard's own that wait to be reported. */
export const faultsMax = 100;
/** Of a failure that a reconciler returns. k8s: client-go/util/workqueue DefaultTypedControllerRateLimiter */
export const retryMsMin = 5;
export const retryMsMax = 1_000_000;

// Sandbox
/** Workers. With the control plane they are 256, which is how many Pod ranges of 256 addresses 10.244.0.0/16 has. */
export const nodesMax = 255;
/** Of 256 addresses each, in 10.244.0.0/16. */
export const podRangesMax = 256;
export const objectsMax = 20_000;
/** Of the limits on objects, for Events: a full sandbox still records what happens. */
export const eventRoomShare = 1.25;
/** Names of components and the like that Events share instead of each having its own. */
export const eventTextsKeptMax = 200;
/** Of one namespace: each is asked at every write there. */
export const quotasPerNamespaceMax = 50;
export const limitRangesPerNamespaceMax = 50;
export const stateBytesMax = 120_000_000;
/** JSON of all objects. In memory it is up to four times as much: small values in large maps. */
export const objectsBytesMax = 28_000_000;
export const sleepAfterMs = 600_000;

// Validation
/** Keys and values of all annotations of one object. k8s: TotalAnnotationSizeLimitB */
export const annotationBytesMax = 256 * 1024;

// Patches
/** Upstream's own number. */
export const jsonPatchOperationsMax = 10_000;
/** What all copies of one JSON patch may add. k8s: apiserver/pkg/server/config.go JSONPatchMaxCopyBytes */
export const jsonPatchCopyBytesMax = 3 * 1024 * 1024;
/** Upstream's own numbers: Update entries beyond the cap are folded into one of `ancient-changes`. */
export const updateManagersMax = 10;
export const fieldManagerBytesMax = 128;

// Watches
export const watchSecondsMin = 1_800;
export const watchSecondsMax = 3_600;

/** Selectors of watches that are kept parsed. */
export const watchSelectionsKeptMax = 1_000;
/** Of one message that names what has changed, of some 100 bytes each; of more whoever shows them lists anew. */
export const changedNamesMax = 500;

// Runtime: processes, files, logs
/** File contents up to this lie in their tree's record, larger ones in chunk rows. */
export const fileInlineBytesMax = 1024;
export const fileChunkBytes = 64 * 1024;
export const treeBytesMax = 64 * 1024 * 1024;
export const treeEntriesMax = 5_000;
/** All files of a sandbox, well below stateBytesMax. A tree asks for more in steps of the second size. */
export const fileBytesPerSandboxMax = 64 * 1024 * 1024;
export const fileBytesStep = 64 * 1024;
/** JSON of all that runs in a Pod: one row of the log, at most two bytes a character. */
export const podRecordCharactersMax = 1_000_000;
export const pipeBytesMax = 64 * 1024;
export const processesPerPodMax = 128;
export const openFilesPerProcessMax = 256;
/** Nodes that one template may walk through, turns of its loops over a number, values that one JSONPath may find. */
export const kubectlTemplateStepsMax = 200_000;
/** Blocks, parentheses or filters of a template within each other: the parser calls itself for each. */
export const kubectlTemplateDepthMax = 200;
/** Kustomizations that name one another, from the outermost to the innermost. */
export const kustomizationDepthMax = 16;
/** Answers that a kubectl holds while it waits: what it needs to go on after a loss of memory. */
export const kubectlJournalCharactersMax = 384 * 1024;
/** Bytes that a port-forward has read from its connections and not written yet. */
export const forwardBytesHeldMax = 64 * 1024;
/** Output of a kubectl that its process keeps while nobody takes it; what is more waits in a file. */
export const kubectlOutputHeldCharactersMax = 64 * 1024;
/** Bytes of real state one process may hold, whatever its container's limit; beyond it, it is killed for memory. */
export const processStateBytesMax = 512 * 1024;
/** One argument or variable of a new program, and all arguments together. Linux: MAX_ARG_STRLEN */
export const argumentBytesMax = 128 * 1024;
/** Environment of a container, all of it. Linux has 2 MiB (ARG_MAX for a stack of 8 MiB), but no record that is stored anew. */
export const environmentBytesMax = 512 * 1024;
/** CPU, before it is stretched, that all processes of a Pod get in one advance, microseconds; a step costs 20 at least. */
export const cpuUsPerAdvanceMax = 150_000;
/** As much of it counts as one step of the turn. */
export const cpuUsPerTurnStep = 250;
/** What making a container's file system, environment and first process is charged, in microseconds of CPU as well. */
export const cpuUsPerContainerStart = 1_000;
/** So many bytes of revisions count as one; most objects have fewer. */
export const revisionBytesPerTurnStep = 4 * 1024;
/** What a reconcile that reads many objects is charged for each, in microseconds of CPU as well. */
export const cpuUsPerObjectRead = 2.5;
export const cpuUsPerEndpoint = 6;
export const cpuUsPerRuleGathered = 1;
export const cpuUsPerTermCompared = 0.5;
export const cpuUsPerNodeTried = 25;
/** How far a process may compute ahead of the clock before it must wait for time to pass. */
export const computeAheadMs = 100;
export const logChunkBytes = 8 * 1024;
export const logBytesPerContainerMax = 256 * 1024;
export const logLineBytesMax = 16 * 1024;
/** A byte may take six characters in its row. */
export const sessionOutputBytesMax = 96 * 1024;
/** What a terminal has printed is kept in chunks of the first size up to the second. */
export const terminalChunkBytes = 4 * 1024;
export const terminalKeptBytesMax = 256 * 1024;
/** A flood on a terminal: what comes at once, and then as fast as a slow line takes it. */
export const terminalBurstBytes = 64 * 1024;
export const terminalBytesPerMs = 100;
export const terminalsMax = 20;
/** Columns or rows of a screen. */
export const terminalCellsMax = 1_000;
/** Of a long name, or a pax header, in a tar archive. */
export const tarNameCharactersMax = 8 * 1024;
/** How often crictl looks after the command that it runs in a container: at once after news, and ever more seldom. */
export const execPollMsMin = 100;
export const execPollMsMax = 1_000;
/** Typed, or pasted, and read by nobody yet: all terminals of a node lie in one record with what runs there. */
export const terminalInputBytesMax = 64 * 1024;
/** Of standard input that less keeps, and of one line that it takes as a whole. */
export const pagerInputBytesMax = 256 * 1024;
export const pagerLineBytesMax = 32 * 1024;
/** A line that is typed at the bottom of a pager or an editor, and those of a kind that are offered again. */
export const typedLineBytesMax = 2 * 1024;
export const typedLinesKeptMax = 20;
/** Of one run's output that watch shows. */
export const watchedBytesMax = 64 * 1024;
/** A file that nano opens, and of the changes that it can take back. */
export const nanoFileBytesMax = 256 * 1024;
export const nanoUndoBytesMax = 64 * 1024;
/** A line that is edited at a prompt, the changes that ^_ takes back, and what ^Y has (readline: kill.c DEFAULT_MAX_KILLS). */
export const editedLineBytesMax = 16 * 1024;
export const undoStepsMax = 100;
export const killRingMax = 10;
/**
 * vi: the file it takes; texts that its row holds itself; changes since the text was last written down; what undo remembers;
 * a line typed at its foot; rows of one `:g`.
 */
export const viFileBytesMax = 1024 * 1024;
export const viTextInRowCharactersMax = 1024;
export const viJournalCharactersMax = 2 * 1024;
export const viStepCharactersMax = 16 * 1024;
export const viUndoCharactersMax = 16 * 1024;
/** Keys that . or a macro types again, and the text of an insertion that `".` is. */
export const viKeysKeptMax = 2 * 1024;
export const viCommandBytesMax = 4 * 1024;
export const viGlobalRowsMax = 50_000;
/** An escape sequence that is no key's. */
export const keyBytesMax = 32;
/** What an interactive bash takes from the file of its history. */
export const historyFileBytesMax = 256 * 1024;
/** Words that Tab offers. */
export const completionsMax = 2_000;
/** Of the value of one kernel setting. */
export const sysctlBytesMax = 256;
export const shellDepthMax = 200;
export const symlinkDepthMax = 40;
/** Of one path, as the kernel's PATH_MAX. */
export const pathBytesMax = 4096;
/** Names in one path: a walk's cost grows with their square. */
export const pathDepthMax = 128;
/** Of a path that a message repeats. */
export const shownPathCharactersMax = 256;
/** Regular expressions of users: states one is compiled to, its length, parentheses and quantifiers within each other. */
export const regexStatesMax = 10_000;
export const regexCharactersMax = 20_000;
export const regexDepthMax = 200;
/** Compiled ones that are kept, and numbers that each of their automata may keep of sets of states. */
export const regexesKeptMax = 32;
export const automatonCellsMax = 64 * 1024;
export const automataCellsMax = 2 * 1024 * 1024;
/** Work of matching in one step of a program, one unit being a character looked at by one state. */
export const matchUnitsPerStepMax = 10_000_000;
/** A step that has spent as much on its lines so far leaves the others to the next. */
export const matchUnitsPerRound = 1_000_000;
/** Ways tried in one search for what has back-references. */
export const backtrackStepsMax = 400_000;
/** Of an RSA key that openssl makes: its search takes a hundred short steps at 2,048 bits, and the cube of that beyond. */
export const rsaKeyBitsMax = 4_096;
/** That `openssl rand` makes at once. */
export const randomBytesMax = 65_536;
/** What one file may hold that a tool reads whole. */
export const wholeFileBytesMax = 8 * 1024 * 1024;
/** Nested parentheses and operators of one arithmetic expression. */
export const arithmeticDepthMax = 200;

/** Characters of a text for which the platform's own search is linear enough. */
export const plainSearchCharactersMax = 32;
/** Classes of characters that one regular expression may tell apart. */
export const regexClassesMax = 512;
/** Units that one character may cost an automaton before its limit is looked at again. */
export const automatonUnitsUncheckedMax = 65_536;
/** Texts of a Pod's record, and whole records, that are surely smaller are stored as they are, others packed. */
export const packedTextCharactersMin = 1_024;
export const packedRecordCharactersMin = 200_000;
/** Chunks of a file that are asked for one by one; for more it is cheaper to look at all rows there are. */
export const chunksLookedUpMax = 1_024;
/** Parsed /etc/passwd and /etc/group: thousands of containers have the same, and a listing asks for every file's owner. */
export const accountFilesKeptMax = 50;
/** Layers of nodes' file systems, one per node and machine id. */
export const nodeLayersKeptMax = 64;
/** Mounts by hand on a node, or of a container's own: each is looked at for every path. */
export const ownMountsMax = 64;
/** Files of a node that are block devices at a time. */
export const loopDevicesMax = 64;
/** Of a file below a node's /var/log that its kubelet hands out: more is a matter of the node's shell. */
export const nodeLogBytesMax = 1 << 20;
/** Lines of a node's journal that are kept, and characters of each: whoever restarts a service in a loop writes them. */
export const journalLinesMax = 300;
export const journalLineCharsMax = 1_000;
/** A larger file in a node's folder of static Pods is not read. */
export const staticManifestBytesMax = 256 * 1024;
/** Parsed ones that are kept. */
export const staticManifestsKeptMax = 50;
/** Images' names of which the digest and the description are kept. */
export const imagesKeptMax = 200;
/** Commands, and executables, that containers of one image share: a client chooses commands and search paths. */
export const commandsPerImageKeptMax = 200;
/** A request in a server's log that is older than this is not the probe's. */
export const probeLineAgeMsMax = 2_000;
/** A request's first line and headers. */
export const httpHeadCharactersMax = 65_536;

// Shell and tools
/** Commands within each other: loops, branches, groups. */
export const shellNestingMax = 100;
/** Ended background jobs that `wait` can still ask about. */
export const finishedJobsKeptMax = 32;
/** Parsed commands, and characters of their texts. */
export const parsedCommandsKeptMax = 4_000;
export const parsedCommandCharactersKeptMax = 4_000_000;
/** How often in a row completion functions may say that they have loaded another. */
export const completionLoadsMax = 8;
/** Words that one word with braces (`{1..9}`) may become. */
export const braceWordsMax = 50_000;
/** Commands that a shell's history keeps. bash: HISTSIZE */
export const shellHistoryMax = 500;
/** Compiled patterns (`case`, globs) that are kept, and the length of one that is worth it. */
export const shellPatternsKeptMax = 2_000;
export const shellPatternCharactersMax = 200;
/** Beyond as many names a glob is not followed into further folders. */
export const globNamesMax = 5_000;
/** A longer error text keeps bash's wording, whatever the shell. */
export const dialectCharactersMax = 4_096;
/** What one call of a tool may write before anything is taken from it. */
export const toolOutputCharactersMax = 4_000_000;
export const printfCharactersMax = 8_000_000;
/** Programs of awk and scripts of sed that are kept parsed, each. */
export const toolProgramsKeptMax = 20;
/** Operations of awk in one step, and commands of sed for one line: beyond them the program has no end. */
export const awkOperationsMax = 2_000_000;
export const sedCommandsMax = 100_000;
export const awkTextCharactersMax = 8_000_000;
/** Items that a step adds to arrays: they lie in the process's state, which has room for fewer. */
export const awkItemsMax = 40_000;
export const awkFieldsMax = 65_536;
export const awkCallDepthMax = 500;
/** Operations of jq for one input: beyond them its filter has no end. */
export const jqOperationsMax = 2_000_000;
/** Filters that run within each other, each a frame or two of the stack; programs within each other; depth of a value walked. */
export const jqDepthMax = 500;
export const jqNestingMax = 250;
export const jqWalkDepthMax = 1_000;
/** A text, an array that jq makes. */
export const jqTextCharactersMax = 4_000_000;
export const jqItemsMax = 1_000_000;
/** Operations, and characters of output, after which jq lets others run. */
export const jqOperationsPerStep = 50_000;
export const jqOutputCharactersPerStep = 32 * 1024;
/** Product of the lines on both sides that diff compares one by one; beyond it all of them count as changed. */
export const comparedLinesMax = 1_000_000;
/** Numbers of `shuf -i`. */
export const shuffledNumbersMax = 100_000;
/** What head and tail buffer before they drop lines that are no longer needed, and read per step. */
export const tailHeldCharactersMax = 256 * 1024;
/** What a compressed stream may grow to. */
export const unpackedBytesMax = 16 * 1024 * 1024;

/** Operations of one run of yq: beyond them its expression has no end. */
export const yqOperationsMax = 2_000_000;
/** How deep an expression of yq nests. */
export const yqExpressionDepthMax = 200;
/** A text that yq reads or makes, a collection that it makes. */
export const yqTextCharactersMax = 1_000_000;
export const yqItemsMax = 200_000;
/** Operations after which yq lets others run. */
export const yqOperationsPerStep = 20_000;
/** Unread standard input that a tool keeps in a file, and what of it may lie in the process's row. */
export const spoolBytesMax = 8 * 1024 * 1024;
export const spoolInRowBytesMax = 64 * 1024;

// Kubelet
/** From a Pod's arrival to its sandbox (network, pause container) being up. */
export const sandboxMs = 1_000;
/** How late the kubelet notices that a container ended. k8s: PLEG relist */
export const relistMs = 1_000;
export const containerBackoffMsMin = 10_000;
export const containerBackoffMsMax = 300_000;
/** A container that ran this long since its last back-off starts over. k8s: 2 x MaxContainerBackOff */
export const containerBackoffForgetMs = 600_000;
export const imageBackoffMsMin = 10_000;
export const imageBackoffMsMax = 300_000;
/** A registry is asked again for an image that is present. */
export const presentPullMs = 500;
export const failedPullMs = 1_200;
/** Mounted ConfigMaps and Secrets follow their objects on this grid. k8s: kubelet syncFrequency */
export const syncPeriodMs = 60_000;

/** Missing ConfigMaps, Secrets and the like are looked at again on this grid. k8s: pod_workers backOffPeriod */
export const configRetryMs = 10_000;
/** A resize that found no room is tried again on this grid. k8s: allocation_manager.go retryDelay */
export const resizeRetryMs = 180_000;
export const mountRetryMsMin = 500;
export const mountRetryMsMax = 122_000;
/** k8s: pkg/kubelet/kubelet.go backOffPeriod */
export const attachRetryMs = 10_000;
/** Of a failed container's log that becomes its last words. k8s: MaxContainerTerminationMessageLogLines, LogLength */
export const lastLogLines = 80;
export const lastLogBytes = 2048;
export const graceSecondsMin = 2;
export const probeOutputBytesMax = 10 * 1024;
export const probeRedirectsMax = 10;
/** Rounds of start and exit within one moment before the rest is left for the next. */
export const kubeletRoundsMax = 16;
/** k8s: evictionHard memory.available */
export const evictionThresholdBytes = 100 * 1024 * 1024;
/** A Pod's memory is reported to its node in steps of this size. */
export const evictionStepBytes = 64 * 1024 * 1024;
export const evictionPauseMs = 10_000;
export const pressureTransitionMs = 300_000;

// Services (k8s: kubeadm's service range, the API server's --service-node-port-range, bands of KEP-3070 and KEP-3668)
export const nodePortMin = 30_000;
export const nodePortMax = 32_767;
/** Lowest addresses and ports that are given out by chance only when all others are taken. */
export const serviceIpStaticBandMax = 256;
export const nodePortStaticBandMax = 86;

// Schema (decoding of request bodies)
export const jsonDepthMax = 1000;
export const yamlDepthMax = 500;
/** A longer text that is no YAML gets a shorter explanation. */
export const yamlExplainedCharsMax = 32 * 1024;
/** Characters of a malformed number that its error repeats. */
export const wrongNumberCharsMax = 1_000;
/** A longer line of YAML is counted without asking what it is. */
export const yamlLineCharsMax = 1_000;
/** Digits and exponent of a quantity that are worked with; a text beyond them is refused. */
export const quantityDigitsMax = 400;
export const quantityExponentMax = 400;
/** Parsed ones that are kept. */
export const quantitiesKeptMax = 4_096;
/** Keys, elements, objects and lists of one body: several times what an object of the greatest size has. */
export const bodyValuesMax = 100_000;
/** Of the field paths in the errors about one body. */
export const problemTextCharsMax = 2_000_000;
export const protobufDepthMax = 100;
/** Objects within one body: a body of 3 MB could hold a million empty ones. */
export const decodeStructsMax = 200_000;
/** Items of all lists and maps of one body, and of one list: real objects of the greatest size have far fewer. */
export const decodeItemsMax = 40_000;
export const listItemsMax = 10_000;
/** Errors of one object that its response lists, and their characters; beyond, only their count. */
export const fieldErrorsMax = 100;
export const fieldErrorCharsMax = 1_000_000;
/** Errors of one list of which each shows it whole, or of which there is one for every pair. */
export const repeatedErrorsMax = 100;

// Custom resources
/** CustomResourceDefinitions of a cluster: each is a part of discovery and of the OpenAPI documents. */
export const definitionsMax = 300;
/** Schemas within one version's schema, and how deep they lie as JSON: what a write may have to walk. */
export const schemaNodesMax = 40_000;
export const schemaDepthMax = 200;
/** Patterns of schemas that are kept compiled, of all clusters of a process. */
export const schemaPatternsKeptMax = 256;
/** Units of matching that the patterns of a schema may take in one write: a character looked at by one state is one. */
export const patternUnitsPerWriteMax = 10_000_000;
/** k8s: crd_finalizer.go deleteInstances: how long objects of a definition that goes are waited for in silence */
export const definitionCheckMs = 60_000;
/** Of defaults that came into a schema later, filled into one object where it is read: whoever lists them gets all of them. */
export const defaultsReadCharactersMax = 32 * 1024;
/** Versions of all definitions together: each has paths in discovery and in the OpenAPI documents. */
export const definitionVersionsMax = 600;
/** Of one version; real ones have twenty. */
export const printerColumnsMax = 200;
/** Values that the path of a selectable field may come by, and all printer columns of one row; what they find takes so many characters, and one cell. */
export const jsonPathStepsMax = 10_000;
export const columnStepsPerRowMax = 4_000;
export const cellCharactersPerRowMax = 16 * 1024;

// Scheduler
/** k8s: pkg/scheduler/backend/queue DefaultPodInitialBackoffDuration, DefaultPodMaxBackoffDuration */
export const schedulerBackoffMsMin = 1_000;
export const schedulerBackoffMsMax = 10_000;
/** With fewer Pods waiting the queue is idle, and upstream then takes Pods out of their back-off at once. */
export const schedulerBackoffPodsMin = 20;
/** k8s: DefaultPodMaxInUnschedulablePodsDuration */
export const schedulerFlushMs = 300_000;
/** Sets of Pods with the same labels and affinity whose terms are kept ready. */
export const affinityClassesMax = 1_024;
/** Selectors per cluster whose matching Pods are counted per node. */
export const schedulerCountersMax = 512;
/** Messages of unschedulable Pods of which is kept what they wait for. */
export const schedulerMessagesKeptMax = 1_024;
/** Devices tried for one Pod on one node, with what selectors cost; upstream gives a node ten seconds. */
export const allocationStepsMax = 100_000;
/** CPU for each of them. */
export const cpuUsPerDeviceTried = 1;
/** k8s: events/v1 NoteLengthLimit */
export const schedulerNoteBytesMax = 1_024;

// ConfigMaps and Secrets (k8s: core.MaxSecretSize)
export const dataBytesMax = 1024 * 1024;

// Controllers
/**
 * Pods that one reconcile makes or deletes; their changes call for the next one. A turn ends between two reconciles, never
 * within one, so upstream's burst of 500 (k8s: replicaset.BurstReplicas) comes in parts.
 */
export const podsPerReconcileMax = 100;
/** JSON of the Pods that one reconcile makes; of very large ones it makes fewer. */
export const podBytesPerReconcileMax = 256 * 1024;
/** Where more selectors follow Pods, a Pod's change wakes them through a key of its labels. */
export const selectorsPerChangeMax = 64;
/** Objects that one step of a controller marks, deletes or hands over; it goes on at once in another. */
export const objectsPerStepMax = 250;
/** Of one deletecollection; the rest is what `continue` leads to. */
export const collectionDeletesMax = 4_000;

// Birth
/** Virtual time a cluster has run when its first request comes. */
export const bornBeforeMs = 120_000;
/** Rows of births that are kept for other clusters of a process: one of three nodes has 450,000 characters. */
export const bornRowsCharsMax = 4_000_000;

// Clock
/** Virtual seconds per second of the wall. */
export const clockSpeedMax = 10_000;
/** How far one write may send it ahead. */
export const clockJumpDaysMax = 366;
export const clockStepsMax = 10_000;
/** What a clock faster than the wall's may owe. */
export const clockDebtMsMax = 3_600_000;

// Checkpoint pages
export const pageBytesTarget = 64_000;
export const pageBytesMax = 512_000;

// Services and their endpoints
/** k8s: --max-endpoints-per-slice, endpoints_controller.go maxCapacity, --mirroring-max-endpoints-per-subset */
export const endpointsPerSliceMax = 100;
export const endpointAddressesMax = 1_000;
export const mirroredAddressesMax = 1_000;
/** How long a simulated cloud takes to hand out a load balancer. */
export const loadBalancerMs = 2_000;

/** How long the name of an address stays that nobody has, and a ServiceCIDR after the last one has gone. k8s: repairip.go, servicecidrs_controller.go */
export const leakedAddressMs = 60_000;
export const serviceCidrGraceMs = 10_000;

// Flow control
/** How often the API server looks after what it begins with. k8s: pkg/registry/flowcontrol/rest/storage_flowcontrol.go */
export const flowControlEnsureMs = 60_000;

// Requests for certificates
/** k8s: pkg/controller/certificates/cleaner approvedExpiration, deniedExpiration, pendingExpiration */
export const decidedRequestKeptMs = 3_600_000;
export const pendingRequestKeptMs = 86_400_000;

// Pod Security
/** k8s: pod-security-admission/admission defaultNamespaceMaxPodsToCheck */
export const podSecurityPodsMax = 3_000;

// Deployments
/** k8s: deployment_controller.go maxRetries, sync.go maxRevHistoryLengthInChars */
export const deploymentRetriesMax = 15;
export const revisionHistoryCharactersMax = 2_000;

// DaemonSets
/** k8s: failedPodsBackoff of NewDaemonSetsController */
export const daemonBackoffMsMin = 1_000;
export const daemonBackoffMsMax = 900_000;

// PodDisruptionBudgets
/** k8s: disruption.DeletionTimeout, stalePodDisruptionTimeout */
export const disruptionConfirmMs = 120_000;

// Nodes
/** k8s: kubelet nodeLeaseDurationSeconds, its renewal, nodeStatusReportFrequency, nodeStatusUpdateFrequency */
export const nodeLeaseSeconds = 40;
export const nodeLeaseRenewMs = 10_000;
export const nodeReportMs = 300_000;
export const nodeStatusMs = 10_000;
/** k8s: kube-controller-manager --node-monitor-grace-period, --node-startup-grace-period */
export const nodeGraceMs = 50_000;
export const nodeStartupGraceMs = 60_000;
/** Time between two nodes whose Pods are driven off. k8s: --node-eviction-rate, --secondary-node-eviction-rate */
export const nodeEvictionMs = 10_000;
export const nodeEvictionSlowMs = 100_000;
/** k8s: --unhealthy-zone-threshold, --large-cluster-size-threshold */
export const unhealthyZoneShare = 0.55;
export const largeZoneNodes = 50;
/** k8s: --leader-elect-lease-duration, --leader-elect-retry-period; the API server's own lease */
export const leaderLeaseSeconds = 15;
export const leaderRenewMs = 2_000;
export const serverLeaseSeconds = 3_600;
export const serverRenewMs = 10_000;
/** k8s: podgc gcCheckPeriod, quarantineTime, --terminated-pod-gc-threshold */
export const podGcPeriodMs = 20_000;
export const podGcQuarantineMs = 40_000;
export const podGcEndedMax = 12_500;

// HorizontalPodAutoscalers
/** k8s: --horizontal-pod-autoscaler-sync-period and its companions */
export const hpaSyncMs = 15_000;
export const downscaleStabilisationMs = 300_000;
export const cpuInitializationMs = 300_000;
export const initialReadinessMs = 30_000;
/** metrics-server's resolution. */
export const metricsWindowMs = 15_000;

// Network
/** Linux gives up on a connection nobody answers after 6 retries of its SYN: 1 + 2 + ... + 64 s. */
export const connectTimeoutMs = 127_000;
/** When it sends the SYN again, after the first. k8s nodes: net.ipv4.tcp_syn_retries = 6 */
export const synRetryMs = [1_000, 3_000, 7_000, 15_000, 31_000, 63_000];
/** Linux gives up on an open connection whose other end is silent after 15 retries. */
export const brokenConnectionMs = 924_600;
/** Three ARP requests without an answer. */
export const hostUnreachableMs = 3_072;
/** Bytes of one direction of a stream that its reader has not taken yet. */
export const streamBytesMax = 256 * 1024;
/** Answers that a client has not taken hold back its next request on the same stream, beyond so many bytes. */
export const answerBytesAhead = 4 * 1024;
/** A request's or a response's body on its way. */
export const exchangeBodyBytesMax = 640 * 1024;
/** Listeners of a Gateway, with those of its ListenerSets: each is held against the others. */
export const gatewayListenersMax = 1_024;
/** States of a pattern in a route. Envoy: re2.max_program_size.error_level, a hundred, of a program that has one for each. */
export const gatewayPatternStatesMax = 1_000;
/** Units of matching for one request to a Gateway, or to the Ingress controller: all its routes may have patterns. */
export const gatewayMatchUnitsMax = 2_000_000;
/** How often a request may pass Gateways and the Ingress controller, before its headers are too large. Envoy: max_request_headers_kb, 60 KB later */
export const gatewayHopsMax = 16;
/** Requests of the network under way beyond which a Gateway passes none on that came by one before. Envoy: circuit breakers' max_requests */
export const gatewayRequestsMax = 1_024;
/** What passing one costs the turn, and each route that is looked at. */
export const cpuUsPerGatewayRequest = 500;
export const cpuUsPerRouteLooked = 5;
/** Rounds in which a request is pushed on within one moment. */
export const networkRoundsMax = 64;
/** Texts of certificates that are kept as they were read, of all clusters of a process, and how long one may be. */
export const certificateTextsKeptMax = 64;
export const certificateCharactersKeptMax = 16_384;
/** Calls of webhooks that one step of a controller, or a request about many objects, waits for at a time. */
export const assumedCallsMax = 32;
/** Rounds of calls after which a request, or a step, is refused: each asked for something else. */
export const hookRoundsMax = 64;
/** Of them, those that a request goes through before it is answered or held; the others come in later turns. */
export const hookRoundsAtOnceMax = 8;
/** Requests that wait for webhooks at a time; one more is refused. */
export const heldRequestsMax = 256;
/** Bodies of them together, in base64: what they are asked with lies in records of network and Pod once more. */
export const heldCharactersMax = 8 * 1024 * 1024;
/** An outcome nobody asks for is forgotten after this time. */
export const outcomeKeptMs = 60_000;
/** Connections that one socat relays at a time; others wait to be accepted. */
export const socatPairsMax = 256;
/** Datagrams that wait at a socket to be read, and askers who have answers there; more are lost, as a full buffer loses them. */
export const datagramsQueuedMax = 64;
/** How long a UDP client waits for an answer. */
export const datagramTimeoutMs = 5_000;
/** How long a proxied request may take. k8s: nginx proxy_read_timeout, and the API server's own minute */
export const proxyTimeoutMs = 60_000;
/** The beginning of an answer that a Trace keeps. */
export const traceBodyBytesMax = 1024;
/** From an Ingress being made to its address: ingress-nginx's status update. */
export const ingressStatusMs = 1_000;

/** Aliases followed from one name to the next, and servers that pass a question on: both may form a ring. */
export const cnameDepthMax = 8;
export const dnsForwardsMax = 4;

// Volumes and storage
/** Signatures of tokens that are kept: of those that were made, and of those that were found good. */
export const tokenMemoEntriesMax = 512;
/** How long the simulated provisioner takes to make a volume, and to delete or resize one. */
export const provisionMs = 2_000;
export const volumeWorkMs = 1_000;
/** k8s: kubelet's eviction monitoring interval */
export const evictionPeriodMs = 10_000;

// Images
/** CPU of a request whose server sets no cost, ms. */
export const requestCpuMs = 0.25;
/** What simulating a served request costs the turn, beside the steps of its server. */
export const requestWorkUs = 50;
/** What a container without a CPU limit may use: a node's cores. */
export const unlimitedCpuMilli = 4_000;
/** CPU of requests is reported as the average over a window this long. */
export const requestWindowMs = 15_000;
/** Bytes of all keys and values of one redis: they lie in its Pod's record. */
export const redisBytesMax = 384 * 1024;
/** Of one argument of a command. */
export const redisArgumentBytesMax = 512 * 1024;
/** Of a one-liner in Python, JavaScript and their like: its text, nested brackets, characters or items of one value. */
export const scriptBytesMax = 16 * 1024;
export const scriptDepthMax = 60;
export const scriptValueMax = 20_000;
/** Operations of one between two looks at its process. */
export const scriptStepsMax = 500;
/** Steps after which a program goes on later, and what one operation may take. */
export const scriptStepsAtOnceMax = 20_000;
export const scriptOperationStepsMax = 120_000;
/** Hexadecimal digits of both factors of a product. */
export const scriptProductDigitsMax = 20_000;
/** Parsed ones that are kept. */
export const scriptsKeptMax = 50;
/** What a Node.js program may hold, as it is stored; beyond it ends as one whose heap is full. */
export const nodeHeapBytesMax = 384 * 1024;
/** What the nodes of a ZooKeeper may be long, as JSON. */
export const zookeeperBytesMax = 128 * 1024;
/** What the secrets of a Vault may be long, as JSON. */
export const vaultBytesMax = 256 * 1024;
/** A message to mongod, which it holds until it is whole. */
export const mongoMessageBytesMax = 1_000_000;
/** Calls within each other of a Node.js program. */
export const callDepthMax = 2_000;
/** Longest text of a Node.js program. */
export const nodeTextCharactersMax = 1_000_000;
/** Timers of one Node.js program at a time. */
export const nodeTimersMax = 1_000;
/** Questions of one server to others; those nobody fetched the answer of make room for new ones. */
export const serverJobsMax = 32;
/** How often a Gateway sends one request again, whatever its route says: each is work for a Pod. */
export const gatewayRetriesMax = 100;
/** Clients of echo-basic whose failed attempts it counts; those it has not heard of for longest start anew. */
export const echoRetriesKept = 256;
/** Products of which a simulated bookinfo keeps posted ratings. */
export const bookinfoRatingsMax = 20;
/** What a simulated memcached holds, and of one item: its memory is state, and within what a process may hold. */
export const memcachedBytesMax = 256 * 1024;
export const memcachedValueBytesMax = 64 * 1024;

/** Ports of tcp-echo, and bytes of a line; who sends a longer one loses the connection. */
export const echoPortsMax = 100;
export const echoLineBytesMax = 65_536;
/** Lines of a repeating log that are still written after a long time without a reader. */
export const repeatedLinesMax = 2_000;

// Sessions: exec, attach, port-forward
/** Input a session holds that its process has not read; the adapter keeps the rest until there is room. */
export const sessionInputBytesMax = 96 * 1024;
/** Of one Image object. */
export const imageRoutesMax = 100;
export const imageSpecBytesMax = 32 * 1024;

// Answers in protobuf
/** Distinct moments whose parsed form is kept. */
export const protobufMomentsMax = 1024;
/** Items of lists whose bytes are kept for the next list, together. */
export const protobufKeptBytesMax = 8_000_000;

/** How far an explanation asks on: an Ingress its Service, that its Pods, each of them what it waits for. */
export const explanationDepthMax = 5;
/** Pieces of evidence in one explanation. */
export const explanationEvidenceMax = 40;
/** Of a field's value in a sentence. */
export const explanationValueCharsMax = 120;

// Expressions (CEL)
/** Values that one evaluation looks at within others, beyond what its cost counts: some 50 ms. */
export const expressionStepsMax = 5_000_000;
/** A text that an expression makes; an object is smaller. */
export const expressionCharactersMax = 4_000_000;
/** Patterns of expressions that stay compiled. */
export const re2PatternsKeptMax = 256;
/** Compiled expressions that an isolate keeps; one takes some kB. */
export const expressionsKeptMax = 512;
/** Keys and values of an etcd that a user runs, in base64. */
export const etcdBytesMax = 256 * 1024;
/** Resources of a group version behind a Service that discovery tells of. */
export const remoteResourcesMax = 500;
/** Files of a folder that a node's own programs read, and the largest of them. */
export const hostFolderFilesMax = 1_024;
export const hostFolderBytesMax = 100_000;
/** Selectors of devices; there are few, by class. */
export const deviceSelectorsKeptMax = 256;
/** How often a value is held against a part of a schema, for one write: a schema may offer thousands of alternatives to each item. */
export const schemaChecksPerWriteMax = 500_000;
/** What applying one mutation is charged for each key or element of the object: it is decoded and settled again. */
export const mutationUnitsPerValue = 10;
/** Of all policies together, for one request or one step of a controller, and of one object's rules: half a second. Upstream a single binding may take 10,000,000. */
export const expressionCostMax = 4_000_000;
/** `npm run bench`, "expressions". */
export const cpuUsPerExpressionUnit = 0.13;

/** What beginning to speak TLS costs: half a dozen multiplications of points of curves. */
export const cpuUsPerTlsHandshake = 7_000;

/** Certificates that Pods' servers show through port-forwards, kept as long as there are no more: one costs a signature. */
export const tlsIdentitiesKeptMax = 64;
