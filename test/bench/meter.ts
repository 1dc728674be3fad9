/** What was used since a runtime began, as far as it is billed. */
export interface Meter {
  /** Of the Worker. */
  requests: number;
  /** Of Durable Objects: requests and calls, alarms among them. */
  objectRequests: number;
  alarms: number;
  objectRowsRead: number;
  objectRowsWritten: number;
  /** Virtual time in which an object could not sleep: a timer was set, or a session open. */
  objectMs: number;
  /** Statements, and times that any were sent. */
  databaseStatements: number;
  databaseTrips: number;
  databaseRowsRead: number;
  databaseRowsWritten: number;
  /** R2: class A and class B. */
  bucketWrites: number;
  bucketReads: number;
}
