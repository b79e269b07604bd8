//! Every bound of the API, in the unit its name ends with.

/// Longest request body.
pub(crate) const BODY_BYTES_MAX: u32 = 1_000_000;

/// Longest body of an import: a whole ruleset, or what another system exports. What is made of it
/// on the way takes many times its length, of the 128 MB of an isolate.
pub(crate) const IMPORT_BODY_BYTES_MAX: u32 = 4_000_000;

/// Longest flag, list, segment, layer, holdout or bandit, as stored.
pub(crate) const DOCUMENT_BYTES_MAX: usize = 100_000;

/// Longest published ruleset: it is one row of the database, and those hold at most 2 MB.
pub(crate) const RULESET_BYTES_MAX: usize = 1_800_000;

/// Bytes of one part of a bundle, which is kept as base64 in a row of at most 2 MB; a multiple of
/// three, so that the parts' texts need no padding.
pub(crate) const BUNDLE_PART_BYTES: usize = 900_000;

/// Longest key of an environment or a bandit.
pub(crate) const KEY_BYTES_MAX: usize = 128;

/// Longest key of any other document: as long as the ruleset's keys may be.
pub(crate) const DOCUMENT_KEY_BYTES_MAX: usize = bandera_shared::compile::limits::KEY_BYTES_MAX;

/// Longest name of an environment or a token.
pub(crate) const NAME_BYTES_MAX: usize = 200;

/// Longest description of an environment, and longest note of a publication.
pub(crate) const NOTE_BYTES_MAX: usize = 2_000;

/// Most environments.
pub(crate) const ENVIRONMENTS_MAX: u32 = 100;

/// Most documents in one import.
pub(crate) const IMPORT_DOCUMENTS_MAX: usize = 2_000;

/// Bytes at which a JSON text of packed rows is full: a bound value may have 2 MB, and the longest
/// row beside that is a document with everything in it escaped.
pub(crate) const PACKED_BYTES: usize = 1_000_000;

/// Items of a page when the request does not say.
pub(crate) const PAGE_ITEMS_DEFAULT: u32 = 50;

/// Most items of a page.
pub(crate) const PAGE_ITEMS_MAX: u32 = 200;

/// Most differences listed by a comparison; the reply says when there are more.
pub(crate) const CHANGES_MAX: usize = 1_000;

/// Most times the pointer is written for one publication while others publish.
pub(crate) const POINTER_WRITES_MAX: u32 = 4;

/// Least time between two writes of one KV key.
pub(crate) const POINTER_WRITE_PAUSE_MS: u64 = 1_100;

/// Most times a Durable Object is asked for one answer.
pub(crate) const OBJECT_TRIES_MAX: u32 = 4;

/// Pause before a Durable Object is asked again.
pub(crate) const OBJECT_PAUSE_MS: u64 = 250;

/// Most shards of a ledger, as edges count them.
pub(crate) const SHARDS_MAX: u16 = u16::MAX - 1;

/// Shards asked at once; an invocation has six connections, and the rest waits for one.
pub(crate) const SHARDS_ASKED_AT_ONCE: usize = 50;

/// Most dead letters sent again by one request; the edge takes no more at once.
pub(crate) const DEAD_REPLAYS_MAX: usize = 100;
