// Made by `npm run types` from the API's description. Do not edit.

/** What happened at one place. */
export type ChangeKind = "added" | "removed" | "changed";
/** What a document is; each kind is a member of the ruleset. */
export type Kind = "flag" | "list" | "segment" | "layer" | "holdout" | "bandit";
/** How bad a remark is. */
export type Severity = "warning" | "error";
/** What became of another system's export. */
export type ImportFromReport = ImportReport & {
  /** Names of members of the export that were left out because no answer depends on them. */
  idle: string[];
  /** What is not exactly as it was, in the order of the export. */
  notes: NoteOutput[];
};
/** What a token may do; each role may do what the one before may. */
export type Role = "viewer" | "editor" | "publisher" | "admin";

export interface ApiTypes {}
/** An action in a context. */
export interface ArmInContext {
  action: string;
  /** Decisions for it there that still count; absent for a context that was asked about. */
  decisions?: number | null;
  /** Central 95 % interval of that expectation, in the metric's unit and range. */
  interval95?: number[] | null;
  /**
   * Reward that is expected of a decision for it there, in the metric's unit; absent before
   * anything was learned.
   */
  mean?: number | null;
  /** Probability with which edges choose it there now, in 0..=1. */
  share: number;
}
/** What is known of an action. */
export interface ArmState {
  action: string;
  /** Decisions counted, whether through exposure or reward. */
  decisions: number;
  /** Decisions whose exposure was reported. */
  exposed: number;
  /** Central 95 % interval of the posterior mean reward, in the metric's unit. */
  interval95?: number[] | null;
  /** Mean reward of a decision, in the metric's unit; absent without decisions. */
  meanReward?: number | null;
  /** Probability that it is the best. */
  probabilityBest?: number | null;
  /** Decisions that were rewarded. */
  rewarded: number;
  /** Probability with which edges choose it now, in 0..=1. */
  share: number;
}
/** One change. */
export interface AuditEntry {
  /** `create`, `update`, `archive`, `unarchive`, `publish`, `rollback` or `revoke`. */
  action: string;
  /** Id of the token that did it. */
  actorId: string;
  /** Name of the token that did it. */
  actorName: string;
  /** The state after. */
  after?: {} | null;
  /** Unix milliseconds. */
  atMs: number;
  /** The state before; absent when it is new. */
  before?: {} | null;
  /** Absent for tokens. */
  environment?: string | null;
  id: number;
  key: string;
  /**
   * `flag`, `list`, `segment`, `layer`, `holdout`, `bandit`, `environment`, `publication` or
   * `token`.
   */
  kind: string;
  /** Version or publication number after the change. */
  version?: number | null;
}
/** What a contextual bandit does, context by context. */
export interface BanditContexts {
  bandit: string;
  entered?: ContextView | null;
  /** What the bandit looks at. */
  inputs: ContextInput[];
  /** The metric that rewards it. */
  metric: string;
  overall: ContextView;
  /** Revision of the snapshot that edges decide with; absent before the first. */
  revision?: number | null;
  /** `binary` or `numeric`. */
  rewardKind: string;
  /** Segments that occur, most decisions first. */
  segments: ContextView[];
}
/** What is done in a context; of a segment, in the mean of its contexts. */
export interface ContextView {
  arms: ArmInContext[];
  /** Decisions that still count and were made in it; 0 for a context that was asked about. */
  decisions: number;
  /** Such as `device = mobile`. */
  name: string;
}
/** An attribute that a bandit looks at. */
export interface ContextInput {
  attribute: string;
  /** The texts that are told apart, where it is one of them. */
  categories?: string[] | null;
  /** The number above which all are the same. */
  max?: number | null;
  /** The number below which all are the same. */
  min?: number | null;
}
/** What a bandit has learned. */
export interface BanditState {
  /** Each action, by name. */
  arms: ArmState[];
  bandit: string;
  besideFixed?: BesideFixed | null;
  /** Whether it looks at contexts; then `contexts` tells what it does in each. */
  contextual: boolean;
  /** The metric that rewards it. */
  metric: string;
  /** Kind of its policy, as declared: `thompson` where none is. */
  policy: string;
  /** Revision of the latest policy snapshot; absent before the first. */
  revision?: number | null;
  /** `binary` or `numeric`. */
  rewardKind: string;
  /** Greatest reward of a decision, in the metric's unit. */
  rewardMax: number;
  /** Least reward of a decision, in the metric's unit. */
  rewardMin: number;
  /** Shards that have reported. */
  shards: number;
  /** When that snapshot was computed, in Unix milliseconds. */
  snapshotAtMs?: number | null;
}
/**
 * What a bandit earned beside what always choosing one of its actions would have earned, in the
 * metric's unit. By the direct method: what an action would have earned is what its own model
 * expects in the contexts that came.
 */
export interface BesideFixed {
  /** Each action, as if it had always been chosen. */
  actions: FixedAction[];
  /** The action that would have earned most, by these estimates. */
  best: string;
  /** Decisions that it is about; of a bandit that forgets, what still counts of them. */
  decisions: number;
  /** Central 95 % interval of that. */
  interval95: number[];
  /** By how much the bandit earned more than that. */
  margin: number;
  /**
   * 95 % interval of the margin over whichever action is best: above 0 the bandit is ahead of
   * every one of them.
   */
  marginInterval95: number[];
  /** Mean reward of those. */
  meanReward: number;
}
/** One action, as if it had always been chosen. */
export interface FixedAction {
  action: string;
  /** Central 95 % interval of that, within the range. */
  interval95: number[];
  /** Estimated mean reward. */
  meanReward: number;
}
/** One difference, at the deepest place that tells the two apart. */
export interface Change {
  /** The later value; absent when removed. */
  after?: {
    [k: string]: unknown;
  };
  /** The earlier value; absent when added. */
  before?: {
    [k: string]: unknown;
  };
  change: ChangeKind;
  document?: DocumentRef | null;
  /** JSON pointer (RFC 6901) into the ruleset. */
  pointer: string;
}
/** A place in a document. */
export interface DocumentRef {
  /** Which one. */
  key: string;
  kind: Kind;
  /** JSON pointer (RFC 6901) into the document. */
  pointer: string;
}
/** The differences between two rulesets. */
export interface Changes {
  /** By pointer, within bounds. */
  changes: Change[];
  /** Whether there are more than are listed. */
  truncated: boolean;
}
/** What to look at. */
export interface ContextsInput {
  /** A context to look at beside the segments that occur: any attributes. */
  context?: {} | null;
}
/** A message that the queue gave up. */
export interface DeadLetter {
  /** When it was kept, in Unix milliseconds. */
  atMs: number;
  /** Its size. */
  bytes: number;
  /** Events in it; 0 when it cannot be read. */
  events: number;
  id: number;
  /** The queue's own name of the message. */
  message: string;
  /** Why it died. */
  reason: string;
}
/** Dead letters that are kept, and what became of the others. */
export interface DeadLetterCounts {
  /** Their size. */
  bytes: number;
  /** Events in them. */
  events: number;
  /** Letters kept. */
  letters: number;
  /** Events in those. */
  lostEvents: number;
  /** Letters that were dropped, the oldest first, to make room. */
  lostLetters: number;
  /** Events in those. */
  replayedEvents: number;
  /** Letters that the queue has taken again. */
  replayedLetters: number;
}
/** One remark. */
export interface Diagnostic {
  /** Stable, for programs; such as `unknown-reference`. */
  code: string;
  document?: DocumentRef | null;
  /** For people. */
  message: string;
  /** JSON pointer into the whole ruleset. */
  pointer: string;
  severity: Severity;
}
/** A draft document. */
export interface Document {
  /** Archived documents are kept out of the ruleset. */
  archived: boolean;
  /** As it stands in the ruleset. */
  document: {};
  environment: string;
  key: string;
  kind: Kind;
  /** Unix milliseconds. */
  updatedAtMs: number;
  /** Name of the token that wrote it. */
  updatedBy: string;
  /** Rises by one with each change; the `ETag` is `"v<version>"`. */
  version: number;
  /** What is suspicious about it; only in answers to writes. */
  warnings?: Diagnostic[];
}
/** A version of a document. */
export interface DocumentVersion {
  archived: boolean;
  /** Unix milliseconds. */
  atMs: number;
  /** Name of the token that wrote it. */
  author: string;
  document: {};
  version: number;
}
/**
 * Sums over the isolates that have reported; each report is cumulative and comes with events.
 */
export interface EdgeReports {
  /** First exposures that middleware was to send. */
  attempted: number;
  /** Of these, those given up before the queue took them. */
  dropped: number;
  /** Events refused by the events endpoint. */
  rejected: number;
}
/** An environment. */
export interface Environment {
  /** Unix milliseconds. */
  createdAtMs: number;
  description: string;
  key: string;
  name: string;
  /**
   * Attributes that flags may use and that nothing tells: names, or lists of a name and the
   * members below it.
   */
  privateAttributes: {}[];
  /** Part of every hash that assigns a subject, therefore fixed for life. */
  salt: string;
  /** Unix milliseconds. */
  updatedAtMs: number;
  version: number;
}
/** What is written of an environment. */
export interface EnvironmentInput {
  description?: string;
  name: string;
  /**
   * Attributes that flags may use and that nothing tells: names, or lists of a name and the
   * members below it.
   * As they are when absent.
   */
  privateAttributes?: {}[] | null;
  /** Random when absent; it cannot be changed later. */
  salt?: string | null;
}
/** An answer in OpenFeature's words, as `bandera_shared` writes it. */
export interface Evaluation {
  errorCode?: string | null;
  errorDetails?: string | null;
  key: string;
  /** Rule, bucket, bandit, propensity and the like. */
  metadata: {};
  reason: string;
  /** Absent where the caller's default applies. */
  value?: {
    [k: string]: unknown;
  };
  variant?: string | null;
}
/** A question to a ruleset. */
export interface EvaluationInput {
  /** `live` (when absent), `draft`, or a publication's number. */
  against?: string | null;
  /** The moment, RFC 3339; now when absent. */
  at?: string | null;
  /** `targetingKey` and any attributes. */
  context: {};
  /** The random number that flags drawn per request use; 0 when absent. */
  draw?: number;
  /** The flag; every flag when absent (an explanation needs one). */
  flag?: string | null;
  /** Whether the subject takes part in experiments; true when absent. */
  participates?: boolean | null;
}
/** Answers, and which ruleset gave them. */
export interface EvaluationReply {
  /** `live`, `draft` or a publication's number, as asked. */
  against: string;
  evaluations: Evaluation[];
}
/** Counts of an environment's events since its ledger began. */
export interface EventTotals {
  /** Bytes of all shards' databases. */
  databaseBytes: number;
  deadLetters?: DeadLetterCounts | null;
  /** Events that had been counted before and changed nothing. */
  duplicates: number;
  edges: EdgeReports;
  /** First exposures of bandits' decisions. */
  exposures: number;
  /** First exposures of flags without a bandit. */
  flagExposures: number;
  /** Rewards beyond what one decision may have. */
  refused: number;
  /** Rewards that replaced or raised an earlier one of the same decision. */
  rewardUpdates: number;
  /** Decisions that were rewarded. */
  rewards: number;
  /** Decisions and exposures that are told apart from their repeats. */
  rows: number;
  /** Ledger shards asked. */
  shards: number;
  /** Of these, those that did not answer: what they count is missing here. */
  silentShards: number;
  /** First exposures of each variant of flags without a bandit, by flag and variant. */
  variants: VariantExposures[];
}
/** First exposures of a variant. */
export interface VariantExposures {
  exposures: number;
  flag: string;
  variant: string;
}
/** An explanation, as `bandera_shared` writes it. */
export interface Explanation {
  evaluation: Evaluation;
  /** What was done, in order. */
  steps: ExplanationStep[];
}
/** One step of an explanation. */
export interface ExplanationStep {
  /** What would have to be different for it to go the other way. */
  change?: string[] | null;
  rule?: string | null;
  /** What happened. */
  what: string;
}
/** An answer with the steps that led to it. */
export interface ExplanationReply {
  /** `live`, `draft` or a publication's number, as asked. */
  against: string;
  explanation: Explanation;
}
/** A ruleset written for another system. */
export interface ExportReply {
  /** `live`, `draft` or a publication's number, as asked. */
  against: string;
  /** The file as that system reads it. */
  file: {};
  /** What is not exactly as it was, in the order of the ruleset. */
  notes: NoteOutput[];
}
/** What became of one part of an export. */
export interface NoteOutput {
  /** `mapped`, `approximated` or `dropped`. */
  fidelity: string;
  /** What became of it. */
  message: string;
  /** Where in what was read. */
  pointer: string;
}
/** The Worker answers and reaches its database. */
export interface Health {
  /** How many environments there are. */
  environments: number;
  /** Always `ready`; otherwise the answer is a problem document with status 503. */
  status: string;
  /** The Worker's version. */
  version: string;
}
/** What an import did. */
export interface ImportReport {
  archived: number;
  created: number;
  unarchived: number;
  unchanged: number;
  updated: number;
}
/** The token behind the request. */
export interface Me {
  id: string;
  name: string;
  role: Role;
}
/** A new token, with the secret that is shown this once. */
export interface NewToken {
  /** Send it as `Authorization: Bearer`. */
  secret: string;
  token: Token;
}
/** A token, without its secret. */
export interface Token {
  /** Unix milliseconds. */
  createdAtMs: number;
  /** Name of the token that made it; absent for the first. */
  createdBy?: string | null;
  /** Unix milliseconds; absent when it does not expire. */
  expiresAtMs?: number | null;
  id: string;
  name: string;
  /** Unix milliseconds; absent while it is valid. */
  revokedAtMs?: number | null;
  role: Role;
}
/** Documents to be tried in place of the stored ones; everything else is as stored. */
export interface Overlay {
  bandits?: {
    [k: string]: {} | null;
  };
  flags?: {
    [k: string]: {} | null;
  };
  holdouts?: {
    [k: string]: {} | null;
  };
  layers?: {
    [k: string]: {} | null;
  };
  lists?: {
    [k: string]: {} | null;
  };
  segments?: {
    [k: string]: {} | null;
  };
}
/** One page of a list. */
export interface Page_AuditEntry {
  /** In the order of the list. */
  items: AuditEntry[];
  /** Send it as `cursor` to get what follows; absent on the last page. */
  next?: string | null;
}
/** One page of a list. */
export interface Page_DeadLetter {
  /** In the order of the list. */
  items: DeadLetter[];
  /** Send it as `cursor` to get what follows; absent on the last page. */
  next?: string | null;
}
/** One page of a list. */
export interface Page_Document {
  /** In the order of the list. */
  items: Document[];
  /** Send it as `cursor` to get what follows; absent on the last page. */
  next?: string | null;
}
/** One page of a list. */
export interface Page_DocumentVersion {
  /** In the order of the list. */
  items: DocumentVersion[];
  /** Send it as `cursor` to get what follows; absent on the last page. */
  next?: string | null;
}
/** One page of a list. */
export interface Page_Environment {
  /** In the order of the list. */
  items: Environment[];
  /** Send it as `cursor` to get what follows; absent on the last page. */
  next?: string | null;
}
/** One page of a list. */
export interface Page_Publication {
  /** In the order of the list. */
  items: Publication[];
  /** Send it as `cursor` to get what follows; absent on the last page. */
  next?: string | null;
}
/** One publication of an environment. */
export interface Publication {
  /** Unix milliseconds. */
  atMs: number;
  /** Name of the token that published it. */
  author: string;
  /**
   * When the pointer that edges read was known to name it; absent while that is pending, or
   * when a later publication overtook it.
   */
  deliveredAtMs?: number | null;
  environment: string;
  /** SHA-256 of what edges read of it, in lower-case hexadecimal. */
  hash: string;
  note: string;
  /** Rises by one with each publication, rollbacks included. */
  number: number;
  /** The publication whose bytes this one repeats. */
  rollbackOf?: number | null;
}
/** One page of a list. */
export interface Page_Token {
  /** In the order of the list. */
  items: Token[];
  /** Send it as `cursor` to get what follows; absent on the last page. */
  next?: string | null;
}
/** What publishing would come to. */
export interface Preview {
  /** What would change for edges; empty when it is not valid. */
  changes: Change[];
  /** Errors and warnings, each led back to its document. */
  diagnostics: Diagnostic[];
  /** SHA-256 that the ruleset would have; absent when it is not valid. */
  hash?: string | null;
  /** Number of the publication in force; 0 before the first. */
  publication: number;
  /** Whether there are more changes than are listed. */
  truncated: boolean;
  /** Whether it could be published. */
  valid: boolean;
}
/** Every refusal (RFC 9457). */
export interface Problem {
  /** Stable, for programs; such as `precondition_failed`. */
  code: string;
  /** What happened this time. */
  detail?: string;
  /** All that compiling had to say, where a document or ruleset was refused. */
  diagnostics?: Diagnostic[] | null;
  /** JSON pointer (RFC 6901) to the fault in the body. */
  pointer?: string | null;
  /** The HTTP status. */
  status: number;
  /** The kind of problem in words. */
  title: string;
  /** `urn:bandera:problem:` and the code. */
  type: string;
}
/** What is said about a publication. */
export interface PublicationInput {
  /** Why, for those who look back. */
  note?: string;
}
/** Which letters to send again. */
export interface ReplayInput {
  /** At most 100; the oldest when absent. */
  ids?: number[] | null;
}
/** What was sent again. */
export interface ReplayView {
  deadLetters: DeadLetterCounts;
  /** Whether the queue refused one; it and those after it are still kept. */
  refused: boolean;
  /** Letters that the queue has taken; those that were gone already are not among them. */
  replayed: number[];
}
/** Nothing is to be said. */
export interface ResetInput {}
/** What was forgotten. */
export interface ResetView {
  /** The moment from which the action counts anew. */
  atMs: number;
  /** Shards of the ledger that had something to forget. */
  shards: number;
}
/** A ruleset as it is authored; members that are absent are left alone. */
export interface RulesetInput {
  bandits?: {
    [k: string]: {};
  };
  flags?: {
    [k: string]: {};
  };
  holdouts?: {
    [k: string]: {};
  };
  layers?: {
    [k: string]: {};
  };
  lists?: {
    [k: string]: {};
  };
  /** If present, the environment's own. */
  privateAttributes?: {}[] | null;
  /** If present, the environment's own. */
  salt?: string | null;
  /** 1. */
  schemaVersion: number;
  segments?: {
    [k: string]: {};
  };
}
/** A token to be made. */
export interface TokenInput {
  /** Unix milliseconds; it does not expire when absent. */
  expiresAtMs?: number | null;
  /** Becomes the author of what it changes. */
  name: string;
  role: Role;
}
/** What is believed of an action: as if `weight` decisions had been rewarded with `mean`. */
export interface WarmStartInput {
  /** Mean reward, in the metric's unit and range. */
  mean: number;
  /** Decisions that this is worth, at most 1,000,000; 0 takes it back. */
  weight: number;
}
