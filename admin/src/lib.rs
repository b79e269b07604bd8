//! The origin admin Worker: API, publishing, audit.
